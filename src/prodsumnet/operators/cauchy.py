"""Cauchy matrices on fixed nodes."""

import torch

from prodsumnet.numerics import checks
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.materialized import Materialized


class Cauchy(Materialized, kind="cauchy"):
    r"""The matrix :math:`1 / (a_i - b_j)` on two interlaced grids, its rows scaled to length one.

    Parameters
    ----------
    out_features, in_features : int
        Shape, ``m`` and ``n``.

    Notes
    -----
    The longer side has the nodes 0, 1, 2, ..., and the shorter one those of them that cut it into
    equal parts, :math:`\lfloor (2 i + 1) n / 2 m \rfloor`; all :math:`b_j` are moved by half a
    step, so that no difference is less. Such a matrix is well conditioned: the infinite one,
    :math:`1 / \pi (i - j + 1/2)`, is orthogonal (a discrete Hilbert transform, Titchmarsh 1926),
    whereas on separated nodes singular values fall exponentially (Beckermann & Townsend 2017).
    """

    def __init__(self, out_features: int, in_features: int) -> None:
        super().__init__(out_features, in_features)
        checks.number_count("Cauchy", *self.shape)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        rows, columns = (self._nodes(size, device) for size in self.shape)
        dense = 1 / (rows[:, None] - columns + 0.5)
        return (dense / torch.linalg.vector_norm(dense, dim=1, keepdim=True)).to(dtype)

    def _nodes(self, size: int, device: torch.device) -> torch.Tensor:
        i = torch.arange(size, device=device)
        return ((2 * i + 1) * max(self.shape) // (2 * size)).double()

    def _cost(self, batch: int) -> Cost:
        entries = self.out_features * self.in_features
        form = Cost.elementwise(self.out_features + self.in_features, entries, 5 * entries)
        return form + Cost.matmul(batch, *self.shape)

    def second_moment(self) -> float:
        """Exactly 1: every row has length one."""
        return 1.0

    def _symbol(self) -> str:
        return f"Cauchy({self.out_features}×{self.in_features})"
