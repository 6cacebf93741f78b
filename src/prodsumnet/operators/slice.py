"""Contiguous ranges of features: truncation, and its adjoint, padding with zeros."""

import torch
from torch.nn import functional

from prodsumnet.numerics import checks
from prodsumnet.operators.base import LinearOperator
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.orthonormal import OrthonormalRows


class Slice(OrthonormalRows, kind="slice"):
    """Keep a contiguous range of features, ``start <= i < stop``; the adjoint pads with zeros.

    Parameters
    ----------
    in_features : int
        Number of features to choose from.
    start, stop : int
        The range.

    Raises
    ------
    ValueError
        Unless ``0 <= start < stop <= in_features``.
    """

    def __init__(self, in_features: int, start: int, stop: int) -> None:
        in_features = checks.positive_int("in_features", in_features)
        stop = checks.bounded_int("stop", stop, 1, in_features)
        start = checks.bounded_int("start", start, 0, stop - 1)
        super().__init__(stop - start, in_features)
        self.start, self.stop = start, stop

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return x[..., self.start : self.stop]

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return functional.pad(y, (self.start, self.in_features - self.stop))

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        return x[self.start : self.stop]

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        return functional.pad(y, (0, 0, self.start, self.in_features - self.stop))

    def _cost(self, batch: int) -> Cost:
        return Cost.elementwise(batch * self.out_features, batch * self.out_features)

    def _symbol(self) -> str:
        return f"Slice({self.start}:{self.stop} of {self.in_features})"


def truncate(out_features: int, in_features: int) -> LinearOperator:
    """Keep the first ``out_features`` of ``in_features`` features."""
    return Slice(in_features, 0, out_features)


def zero_pad(out_features: int, in_features: int) -> LinearOperator:
    """Append zeros to ``in_features`` features up to ``out_features``."""
    return Slice(out_features, 0, in_features).H
