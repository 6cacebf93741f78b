"""Biases: none, one number for each feature, or an operator applied to the constant one."""

from typing import TypeVar, cast

import torch
from torch import nn

from prodsumnet.numerics import checks
from prodsumnet.operators import LinearOperator, check_operator

_INITIAL_GAIN = 1e-3


def make_bias(
    bias: bool | LinearOperator,
    features: int,
    device: torch.device | str | None,
    dtype: torch.dtype | None,
) -> nn.Parameter | LinearOperator | None:
    """Return what a layer keeps as its bias.

    A vector starts at zero. An operator starts small, but not at zero, where the gradient of a
    product of factors vanishes.

    Raises
    ------
    TypeError, ValueError
        If ``bias`` is neither a bool nor an operator of shape ``(features, 1)``.
    """
    if isinstance(bias, bool):
        return nn.Parameter(torch.zeros(features, device=device, dtype=dtype)) if bias else None
    if check_operator(bias).shape != (features, 1):
        raise ValueError(f"a bias must have shape ({features}, 1), got {bias.shape}")
    if not next(bias.parameters(), torch.empty(0, device="meta")).is_meta:
        bias.reset_parameters(_INITIAL_GAIN)
    return bias


def bias_vector(bias: nn.Parameter | LinearOperator | None) -> torch.Tensor | None:
    """Return the bias as a tensor of one number for each feature."""
    return bias.to_dense()[:, 0] if isinstance(bias, LinearOperator) else bias


class Bias(nn.Module):
    """Add a bias along the second axis: channels of images, or features of vectors.

    Where a normalisation stands between an operator and its bias, the bias is a layer of its own.

    Parameters
    ----------
    features : int
        Length of the second axis.
    bias : True or LinearOperator, optional
        One number each, or an operator of shape ``(features, 1)`` for a bias with a structure.
    device, dtype
        Of the bias vector.

    Raises
    ------
    TypeError, ValueError
        If an argument is not valid.
    """

    def __init__(
        self,
        features: int,
        bias: bool | LinearOperator = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.features = checks.positive_int("features", features)
        if bias is False:
            raise ValueError("a bias layer needs bias=True or an operator, got False")
        self.bias = make_bias(bias, self.features, device, dtype)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(N, features, ...) -> (N, features, ...)``."""
        bias = cast(torch.Tensor, bias_vector(self.bias))
        return x + bias.to(x.dtype).view(-1, *[1] * (x.dim() - 2))

    def extra_repr(self) -> str:
        """Return the number of features."""
        return str(self.features)


Plain = TypeVar("Plain", nn.Linear, nn.Conv2d)


@torch.no_grad()
def copy_into(plain: Plain, weight: torch.Tensor, bias: torch.Tensor | None) -> Plain:
    """Copy a dense weight and a bias into a plain torch layer, and return it."""
    plain.weight.copy_(weight)
    if bias is not None and plain.bias is not None:
        plain.bias.copy_(bias)
    return plain
