"""Selections of features: fixed matrices of some rows of the identity."""

from collections.abc import Sequence

import torch
from torch.nn import functional

from prodsumnet.numerics import checks
from prodsumnet.operators.base import LinearOperator
from prodsumnet.operators.cost import Cost


class Selection(LinearOperator, kind="selection"):
    """Keep some features: ``(S x)_i = x_{indices[i]}``; the adjoint puts zeros in the others.

    Parameters
    ----------
    in_features : int
        Number of features to choose from.
    indices : sequence of int
        Distinct indices below ``in_features``, in the order wanted.

    Raises
    ------
    ValueError
        If an index is out of range or occurs twice.
    """

    index: torch.Tensor

    def __init__(
        self,
        in_features: int,
        indices: Sequence[int],
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(len(indices), in_features)
        self.indices = tuple(
            checks.bounded_int("index", entry, 0, self.in_features - 1) for entry in indices
        )
        if len(set(self.indices)) != len(self.indices):
            raise ValueError("indices must be distinct")
        self.register_buffer("index", torch.tensor(self.indices, device=device), persistent=False)

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return x.index_select(-1, self.index)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        zeros = y.new_zeros(*y.shape[:-1], self.in_features)
        return zeros.index_copy(-1, self.index, y)

    def _cost(self, batch: int) -> Cost:
        return Cost.elementwise(batch * self.out_features, batch * self.out_features)

    def second_moment(self) -> float:
        """Exactly 1: every output is one input."""
        return 1.0

    def _symbol(self) -> str:
        return f"Select({self.out_features}×{self.in_features})"


class Slice(LinearOperator, kind="slice"):
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

    def _cost(self, batch: int) -> Cost:
        return Cost.elementwise(batch * self.out_features, batch * self.out_features)

    def second_moment(self) -> float:
        """Exactly 1: every output is one input."""
        return 1.0

    def _symbol(self) -> str:
        return f"Slice({self.start}:{self.stop} of {self.in_features})"


def truncate(out_features: int, in_features: int) -> LinearOperator:
    """Keep the first ``out_features`` of ``in_features`` features."""
    return Slice(in_features, 0, out_features)


def zero_pad(out_features: int, in_features: int) -> LinearOperator:
    """Append zeros to ``in_features`` features up to ``out_features``: the adjoint of `truncate`."""
    return Slice(out_features, 0, in_features).H
