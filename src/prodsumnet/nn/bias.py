"""Biases: none, one number for each feature, or an operator applied to the constant one."""

from typing import cast

import torch
from torch import nn

from prodsumnet.numerics import checks
from prodsumnet.operators import LinearOperator


def make_bias(
    bias: bool | LinearOperator,
    features: int,
    device: torch.device | str | None,
    dtype: torch.dtype | None,
) -> nn.Parameter | LinearOperator | None:
    """Return what a layer keeps as its bias: a vector of zeros, an operator as it is, or nothing.

    Raises
    ------
    TypeError, ValueError
        If ``bias`` is neither a bool nor an operator of shape ``(features, 1)``.
    """
    if isinstance(bias, bool):
        return nn.Parameter(torch.zeros(features, device=device, dtype=dtype)) if bias else None
    if not isinstance(bias, LinearOperator):
        raise TypeError(f"bias must be True, False or a LinearOperator, got {checks.show(bias)}")
    if bias.shape != (features, 1):
        raise ValueError(
            f"a bias of {features} features needs an operator of shape ({features}, 1), "
            f"got {bias.shape}: {bias!r}"
        )
    return bias


def bias_vector(bias: nn.Parameter | LinearOperator | None) -> torch.Tensor | None:
    """Return the bias as a tensor of one number for each feature."""
    return bias.to_dense()[:, 0] if isinstance(bias, LinearOperator) else bias


def match(bias: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return a bias in the precision of what it is added to, which autocast may have lowered."""
    return bias.to(y.dtype.to_complex() if bias.is_complex() else y.dtype)


class Bias(nn.Module):
    """Add a bias along the second axis: channels of images, or features of vectors.

    Where a normalisation stands between an operator and its bias, the bias is a layer of its own.

    Parameters
    ----------
    features : int
        Length of the second axis.
    bias : True or LinearOperator, optional
        One number each, starting at zero, or an operator of shape ``(features, 1)``, used as it
        is, for a bias with a structure.
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
        """``(N, features, ...) -> (N, features, ...)``.

        Raises
        ------
        ValueError
            If the second axis of the input is not ``features`` long.
        """
        if x.dim() < 2 or x.shape[1] != self.features:
            raise ValueError(
                f"Bias expects input of shape (N, {self.features}, ...), got {tuple(x.shape)}"
            )
        bias = cast(torch.Tensor, bias_vector(self.bias))
        return x + match(bias, x).view(-1, *[1] * (x.dim() - 2))

    def extra_repr(self) -> str:
        """Return the number of features."""
        return str(self.features)
