"""Multiplication by a fixed constant."""

import math

import torch
from torch import nn


class Scale(nn.Module):
    """``y = c x`` with a constant that is part of the architecture, not learnt.

    Parameters
    ----------
    scalar : float
        The constant.

    Raises
    ------
    ValueError
        If it is zero or not finite.
    """

    def __init__(self, scalar: float) -> None:
        super().__init__()
        if not isinstance(scalar, int | float) or not 0 < abs(scalar) < math.inf:
            raise ValueError(f"scalar must be finite and not zero, got {scalar!r}")
        self.scalar = float(scalar)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Any shape."""
        return x * self.scalar

    def extra_repr(self) -> str:
        """Return the constant."""
        return f"{self.scalar:g}"
