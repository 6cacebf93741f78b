"""Krylov matrices, out of which matrices of low displacement rank are made."""

import math
from collections.abc import Callable

import torch
from torch.nn import functional

from prodsumnet.numerics import checks
from prodsumnet.operators.base import LinearOperator, check_operator
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.materialized import Materialized
from prodsumnet.operators.tridiagonal import Tridiagonal

_STRIDE = 16


class Krylov(Materialized, kind="krylov"):
    r"""The matrix of powers of an operator applied to vectors, ``[g, A g, A² g, ...]``.

    Parameters
    ----------
    operator : LinearOperator
        The square operator ``A``.
    generators : LinearOperator
        The vectors :math:`g_i`, as columns.
    length : int, optional
        How many powers of each, from the zeroth on; as many as there are rows by default. Columns
        are ordered (vector, power).

    Raises
    ------
    ValueError
        If the operator is not square, or the generators do not fit it.

    Notes
    -----
    :math:`\sum_i K_A(g_i) K_B(h_i)^T` is ``Krylov(A, G) @ Krylov(B, H).T``. It has displacement
    rank at most 2 r: with ``l`` powers, :math:`M - A M B^T = \sum_i g_i h_i^T - (A^l g_i)
    (B^l h_i)^T` (Pan 2001; Thomas et al. 2018).

    The powers of a `Tridiagonal` are taken in two levels: every 16th by a band that is its 16th
    power, and those between for all of them at once. At n = 784 that takes a third of the time of
    one power after the other, backward pass included, and a fiftieth of that of doubling with dense
    powers.

    The matrix is not linear in all its numbers together, and is rescaled through its generators;
    `reset_parameters` draws ``A`` with a second moment of one.
    """

    def __init__(
        self, operator: LinearOperator, generators: LinearOperator, length: int | None = None
    ) -> None:
        size, columns = check_operator(operator).in_features, check_operator(generators).in_features
        if operator.out_features != size or generators.out_features != size:
            raise ValueError(
                f"Krylov needs a square operator and generators of its size, got {operator.shape} "
                f"and {generators.shape}"
            )
        powers = size if length is None else checks.positive_int("length", length)
        checks.number_count("Krylov", size, columns, powers)
        super().__init__(size, columns * powers)
        self.operator, self.generators, self.length = operator, generators, length
        self._powers = powers

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        start = self.generators._to_dense(dtype, device).mT
        if isinstance(self.operator, Tridiagonal):
            start, diagonals = checks.unify(start, self.operator.diagonals())
            powers = _band_powers(diagonals, start, self._powers)
        else:
            powers = _powers(self.operator._matvec, start, self._powers)
        return powers.permute(2, 1, 0).reshape(self.shape)

    def _cost(self, batch: int) -> Cost:
        start = self.generators._cost(self.generators.in_features)
        step = self.operator._cost(self.generators.in_features)
        powers = Cost((self._powers - 1) * step.flops, (self._powers - 1) * step.bytes)
        return start + powers + Cost.matmul(batch, *self.shape)

    def _reset(self, gain: float) -> None:
        self.operator.reset_parameters()
        self.generators.reset_parameters(gain / math.sqrt(self._powers))

    def _rescalable(self) -> bool:
        return self.generators._rescalable()

    def _rescale(self, factor: float) -> None:
        self.generators._rescale(factor)

    def _symbol(self) -> str:
        return f"Krylov({self.operator._symbol()}, {self.generators._symbol()})"


def _powers(
    apply: Callable[[torch.Tensor], torch.Tensor], start: torch.Tensor, count: int
) -> torch.Tensor:
    """Return ``start`` and what repeated application makes of it, along a new first axis."""
    found = [start]
    while len(found) < count:
        found.append(apply(found[-1]))
    dtype = found[-1].dtype
    return torch.stack([x.to(dtype) for x in found])


def _band_powers(diagonals: torch.Tensor, start: torch.Tensor, count: int) -> torch.Tensor:
    """Powers of a cyclic tridiagonal or subdiagonal matrix, applied to rows ``(..., n)``."""
    band, first, stride = diagonals, -1, 1
    while stride < min(_STRIDE, count) and 2 * band.shape[1] - 1 <= len(band):
        band, first, stride = _squared(band, first), 2 * first, 2 * stride
    if stride == 1:
        return _powers(lambda x: _apply_diagonals(diagonals, x), start, count)
    coarse = _powers(lambda x: _apply_band(band, first, x), start, -(-count // stride))
    fine = _powers(lambda x: _apply_diagonals(diagonals, x), coarse, stride)
    return fine.transpose(0, 1).flatten(0, 1)[:count]


def _apply_diagonals(diagonals: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Apply few diagonals to many rows."""
    y = torch.roll(x, 1, -1) * diagonals[:, 0]
    for offset in range(diagonals.shape[1] - 1):
        y = y + torch.roll(x, -offset, -1) * diagonals[:, offset + 1]
    return y


def _apply_band(band: torch.Tensor, first: int, x: torch.Tensor) -> torch.Tensor:
    """Apply many diagonals to few rows: entry ``(i, i + first + k)``, cyclically, is ``(i, k)``."""
    shifted = torch.roll(x, -first, -1)
    width = band.shape[1]
    windows = torch.cat((shifted, shifted[..., : width - 1]), -1).unfold(-1, width, 1)
    return (windows * band).sum(-1)


def _squared(band: torch.Tensor, first: int) -> torch.Tensor:
    """Return the band of the square of a matrix, whose first diagonal is ``2 first``."""
    width = band.shape[1]
    return sum(
        (
            functional.pad(
                band[:, k : k + 1] * torch.roll(band, -(first + k), 0), (k, width - 1 - k)
            )
            for k in range(width)
        ),
        start=band.new_zeros(()),
    )
