"""Row-wise Kronecker products, out of which the CP decomposition is made."""

import math

import torch

from prodsumnet.numerics import checks
from prodsumnet.operators import notation
from prodsumnet.operators.base import LinearOperator
from prodsumnet.operators.compound import Compound, at_least_one, check_equal
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.materialized import Materialized


class KhatriRao(Materialized, Compound, kind="khatri-rao"):
    r"""The row-wise Kronecker product: row ``r`` is :math:`a_r \otimes b_r \otimes \dots`.

    Also called face-splitting product (Slyusar 1999), the transpose of the column-wise product of
    Khatri & Rao (1968). ``Dense(m, r) @ KhatriRao(Dense(r, p), Dense(r, q))`` is the CP form of
    rank ``r`` of an ``(m, p, q)`` tensor (Kolda & Bader 2009).

    Parameters
    ----------
    *factors : LinearOperator
        One or more operators with equal ``out_features``.

    Raises
    ------
    ValueError
        If they differ in ``out_features``.
    """

    precedence = notation.KRONECKER
    members = "factors"

    def __init__(self, *factors: LinearOperator) -> None:
        at_least_one("KhatriRao", factors)
        check_equal("KhatriRao", "out_features", factors)
        rows, columns = factors[0].out_features, math.prod(f.in_features for f in factors)
        checks.number_count("KhatriRao", rows, columns)
        super().__init__(factors, rows, columns)

    def _cost(self, batch: int) -> Cost:
        entries = self.out_features * self.in_features
        rows = sum((f._cost(f.in_features) for f in self), Cost())
        return rows + Cost.elementwise(entries, entries, entries) + Cost.matmul(batch, *self.shape)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        first, *others = [factor._to_dense(dtype, device) for factor in self]
        for other in others:
            first = (first[:, :, None] * other[:, None, :]).flatten(1)
        return first

    def _reset(self, gain: float) -> None:
        for factor in self:
            factor.reset_parameters(
                math.sqrt(1 / factor.in_features) if factor.num_trainable else 1
            )

    def _rescale(self, factor: float) -> None:
        self._rescale_jointly(factor)

    def _symbol(self) -> str:
        return notation.joined(list(self), "•", notation.KRONECKER, "•")
