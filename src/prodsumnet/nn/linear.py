"""The linear layer whose weight is an operator."""

import torch
from torch import nn

from prodsumnet.evaluation import plan
from prodsumnet.nn.bias import bias_vector, copy_into, make_bias
from prodsumnet.numerics import checks
from prodsumnet.operators import LinearOperator, check_operator

_MAX_PLANS = 8


class Linear(nn.Module):
    r"""``torch.nn.Linear`` with an operator for its weight: :math:`y = W x + b`.

    Parameters
    ----------
    in_features, out_features : int
        As in `torch.nn.Linear`.
    operator : LinearOperator
        The weight, of shape ``(out_features, in_features)``; it is used as it is, with the numbers
        that it has.
    bias : bool or LinearOperator, optional
        True for a vector of ``out_features`` trainable numbers, starting at zero; an operator of
        shape ``(out_features, 1)`` for a bias with a structure of its own.
    device, dtype
        Of the bias vector.

    Raises
    ------
    TypeError, ValueError
        If the operator is none, or its shape is another.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        operator: LinearOperator,
        bias: bool | LinearOperator = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.in_features = checks.positive_int("in_features", in_features)
        self.out_features = checks.positive_int("out_features", out_features)
        if check_operator(operator).shape != (out_features, in_features):
            raise ValueError(
                f"the weight of this layer has shape {(out_features, in_features)}, "
                f"got {operator.shape}: {operator!r}"
            )
        self.operator = operator
        self.bias = make_bias(bias, self.out_features, device, dtype)
        self._plans: dict[tuple[int, torch.device, torch.dtype], LinearOperator] = {}

    @property
    def weight(self) -> torch.Tensor:
        """The dense weight, ``(out_features, in_features)``."""
        return self.operator.to_dense()

    def reset_parameters(self, gain: float = 1.0) -> None:
        """Draw new numbers: unit-variance input gives variance ``gain**2``, biases apart."""
        self.operator.reset_parameters(gain)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(..., in_features) -> (..., out_features)``."""
        y = self._plan(x)(x)
        bias = bias_vector(self.bias)
        return y if bias is None else y + bias.to(y.dtype)

    def _plan(self, x: torch.Tensor) -> LinearOperator:
        """Return the plan for a batch like ``x``; a cache of few entries, never state."""
        key = x[..., 0].numel(), x.device, x.dtype
        if key not in self._plans:
            if len(self._plans) >= _MAX_PLANS:
                self._plans.clear()
            self._plans[key] = plan(self.operator, key[0], x.dtype, x.device)
        return self._plans[key]

    def to_linear(self) -> nn.Linear:
        """Return the plain torch layer with the same weight and bias."""
        weight, bias = self.weight.detach(), bias_vector(self.bias)
        plain = nn.Linear(
            self.in_features,
            self.out_features,
            bias is not None,
            device=weight.device,
            dtype=weight.dtype,
        )
        return copy_into(plain, weight, bias)

    def macs(self, positions: int = 1) -> int:
        """Multiply-additions for ``positions`` vectors, by factors or by the dense weight."""
        dense = positions * self.in_features * self.out_features
        return min(self.operator.cost(positions).flops // 2, dense)

    def extra_repr(self) -> str:
        """Sizes, as torch's layer prints them."""
        return f"in_features={self.in_features}, out_features={self.out_features}"
