"""Vandermonde matrices on fixed nodes."""

import math

import torch

from prodsumnet.numerics import checks
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.materialized import Materialized


class Vandermonde(Materialized, kind="vandermonde"):
    r"""The matrix of powers :math:`x_i^j` of fixed nodes, its rows scaled to length one.

    Parameters
    ----------
    out_features, in_features : int
        Shape, ``m`` and ``n``: as many nodes, and as many powers from the zeroth on.

    Notes
    -----
    The nodes are the Chebyshev points :math:`x_i = \cos(\pi (2 i + 1) / 2 m)`, between -1 and 1 so
    that no power exceeds 1. Vandermonde matrices on real nodes are ill-conditioned, exponentially
    in ``n`` whatever the nodes (Gautschi 1990); these are close to the best.
    """

    def __init__(self, out_features: int, in_features: int) -> None:
        super().__init__(out_features, in_features)
        checks.number_count("Vandermonde", *self.shape)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        i = torch.arange(self.out_features, dtype=torch.float64, device=device)
        nodes = torch.cos((2 * i + 1) * (math.pi / (2 * self.out_features)))
        repeated = nodes[:, None].expand(-1, self.in_features - 1)
        dense = torch.cat((torch.ones_like(nodes)[:, None], repeated), 1).cumprod(1)
        return (dense / torch.linalg.vector_norm(dense, dim=1, keepdim=True)).to(dtype)

    def _cost(self, batch: int) -> Cost:
        entries = self.out_features * self.in_features
        form = Cost.elementwise(self.out_features, entries, 4 * entries)
        return form + Cost.matmul(batch, *self.shape)

    def second_moment(self) -> float:
        """Exactly 1: every row has length one."""
        return 1.0

    def _symbol(self) -> str:
        return f"Vandermonde({self.out_features}×{self.in_features})"
