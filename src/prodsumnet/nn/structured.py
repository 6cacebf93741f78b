"""What the layers with an operator for their weight have in common."""

from typing import Any, TypeVar

import torch
from torch import nn

from prodsumnet.evaluation import Plans
from prodsumnet.nn.bias import bias_vector, make_bias
from prodsumnet.operators import LinearOperator, check_operator

Plain = TypeVar("Plain", nn.Linear, nn.Conv2d)


class Structured(nn.Module):
    """A layer that is an operator, a bias, and plans of how to compute them.

    Parameters
    ----------
    operator : LinearOperator
        The weight as a matrix; it is used as it is, with the numbers that it has.
    shape : (int, int)
        What its shape must be.
    bias : bool or LinearOperator
        True for a vector of trainable numbers, starting at zero; an operator of one column for a
        bias with a structure of its own.
    device, dtype
        Of the bias vector; by default the operator's.

    Raises
    ------
    TypeError, ValueError
        If the operator or the bias is none, or its shape is another.
    """

    def __init__(
        self,
        operator: LinearOperator,
        shape: tuple[int, int],
        bias: bool | LinearOperator,
        device: torch.device | str | None,
        dtype: torch.dtype | None,
    ) -> None:
        super().__init__()
        if check_operator(operator).shape != shape:
            raise ValueError(
                f"this {type(self).__name__} needs an operator of shape {shape}, "
                f"got {operator.shape}: {operator!r}"
            )
        self.operator = operator
        numbers = next(operator.parameters(), None)
        if device is None and numbers is not None:
            device = numbers.device
        self.bias = make_bias(bias, shape[0], device, dtype or operator.dtype)
        self._plans: Plans[Any] = Plans()

    def reset_parameters(self, gain: float = 1.0) -> None:
        """Draw new numbers: unit-variance input gives variance ``gain**2``, biases apart."""
        self.operator.reset_parameters(gain)

    @torch.no_grad()
    def _copy_into(self, plain: Plain) -> Plain:
        """Give a plain torch layer of the same sizes the weight and the bias of this one."""
        plain.weight.copy_(self.operator.to_dense().view(plain.weight.shape))
        bias = bias_vector(self.bias)
        if bias is not None and plain.bias is not None:
            plain.bias.copy_(bias)
        return plain.train(self.training)
