"""Inverses of square operators."""

import torch

from prodsumnet.operators import notation
from prodsumnet.operators.base import LinearOperator, check_operator
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.materialized import Materialized


class Inverse(Materialized, kind="inverse"):
    r"""The inverse :math:`A^{-1}` of a square operator, for products such as :math:`A^{-1} D A`.

    Parameters
    ----------
    operator : LinearOperator
        The operator, whose numbers are shared. Where it is singular there is no inverse, and
        torch's `LinAlgError` says so when it is used.

    Raises
    ------
    TypeError
        If it is not an operator.
    ValueError
        If it is not square.
    """

    precedence = notation.POSTFIX

    def __init__(self, operator: LinearOperator) -> None:
        super().__init__(*check_operator(operator).shape)
        if self.out_features != self.in_features:
            raise ValueError(f"only a square operator has an inverse, got {operator!r}")
        self.operator = operator

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        dense = self.operator._to_dense(dtype, device)
        # There is no solver in half precision.
        wide = dense.to(torch.promote_types(dense.dtype, torch.float32))
        return torch.linalg.inv(wide).to(dense.dtype)

    def _cost(self, batch: int) -> Cost:
        n = self.in_features
        return self.operator._cost(n) + Cost.matmul(n, n, n) + Cost.matmul(batch, n, n)

    def _reset(self, gain: float) -> None:
        self.operator.reset_parameters()

    def _rescalable(self) -> bool:
        return self.operator._rescalable()

    def _rescale(self, factor: float) -> None:
        self.operator._rescale(1 / factor)

    def _symbol(self) -> str:
        return f"{notation.wrap(self.operator, notation.POSTFIX)}⁻¹"
