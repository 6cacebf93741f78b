"""Multiplication by a fixed constant."""

import sys

import torch
from torch import nn

from prodsumnet.numerics import checks


class Scale(nn.Module):
    """``y = c x`` with a constant that is part of the architecture, not learnt.

    Parameters
    ----------
    scalar : float
        The constant.

    Raises
    ------
    TypeError, ValueError
        If it is not a real number, or zero or not finite.
    """

    def __init__(self, scalar: float) -> None:
        super().__init__()
        if isinstance(scalar, bool) or not isinstance(scalar, int | float):
            raise TypeError(f"scalar must be a real number, got {checks.show(scalar)}")
        # Beyond the range of a float an integer is as unusable as infinity.
        if not 0 < abs(scalar) <= sys.float_info.max:
            raise ValueError(f"scalar must be finite and not zero, got {checks.show(scalar)}")
        self.scalar = float(scalar)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(...) -> (...)``."""
        return x * self.scalar

    def extra_repr(self) -> str:
        """Return the constant."""
        return f"{self.scalar:g}"
