"""What the layers with an operator for their weight have in common."""

from typing import Any, TypeVar

import torch
from torch import nn

from prodsumnet import families
from prodsumnet.evaluation import Plans
from prodsumnet.nn.bias import bias_vector, make_bias
from prodsumnet.numerics import checks
from prodsumnet.operators import LinearOperator, check_operator

Plain = TypeVar("Plain", bound=nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d)


class Structured(nn.Module):
    """A layer that is an operator, a bias, and plans of how to compute them.

    Parameters
    ----------
    operator : LinearOperator or str
        The weight as a matrix; it is used as it is, with the numbers that it has. Or the name of a
        family, from which an operator is built.
    shape : (int, int)
        What its shape must be.
    bias : bool or LinearOperator
        True for a vector of trainable numbers, starting at zero; an operator of one column for a
        bias with a structure of its own.
    device, dtype
        Of the bias vector, and of a family's operator; by default the operator's.
    budget : int or None
        For a family: most trainable numbers of the operator.
    seed : int
        For a family: of all that is fixed by seed.
    exact : bool
        For a family: have exactly ``budget`` numbers.

    Raises
    ------
    TypeError, ValueError
        If the operator or the bias is none, or its shape is another; if a family comes without a
        budget, or what belongs to a family with an operator.
    """

    bias: nn.Parameter | LinearOperator | None

    def __init__(
        self,
        operator: LinearOperator | str,
        shape: tuple[int, int],
        bias: bool | LinearOperator,
        device: torch.device | str | None,
        dtype: torch.dtype | None,
        budget: int | None,
        seed: int,
        exact: bool,
    ) -> None:
        super().__init__()
        if isinstance(operator, str):
            if budget is None:
                raise ValueError(
                    f"an operator of the family {checks.show(operator)} needs a budget: pass "
                    "budget=, the most trainable numbers it may have"
                )
            operator = families.build(operator, *shape, budget, seed, exact, device, dtype)
        elif budget is not None or seed or exact:
            raise ValueError(
                "budget, seed and exact are for the name of a family, got "
                f"{checks.show(operator)} with budget {checks.show(budget)}, seed "
                f"{checks.show(seed)}, exact {checks.show(exact)}"
            )
        if check_operator(operator).shape != shape:
            raise ValueError(
                f"this {type(self).__name__} needs an operator of shape {shape}, "
                f"got {operator.shape}: {operator!r}"
            )
        self.operator = operator
        numbers = next(operator.parameters(), None)
        if device is None and numbers is not None:
            device = numbers.device
        made = make_bias(bias, shape[0], device, dtype or operator.dtype)
        if isinstance(made, LinearOperator):
            self.bias = made
        else:
            self.register_parameter("bias", made)
        self._plans: Plans[Any] = Plans()

    def _bias_vector(self) -> torch.Tensor | None:
        """Return the bias as a tensor of one number for each feature."""
        # By attribute, finding a parameter would cost a twentieth of a small layer's time.
        try:
            return self._parameters["bias"]
        except KeyError:
            return bias_vector(self.bias)

    def macs(self, positions: int = 1) -> int:
        """Multiply-additions for a number of output vectors, in the cheapest planned way."""
        raise NotImplementedError

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
