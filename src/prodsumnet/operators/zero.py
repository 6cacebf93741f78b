"""The zero matrix."""

import torch

from prodsumnet.operators.base import LinearOperator
from prodsumnet.operators.cost import Cost


class Zero(LinearOperator, kind="zero"):
    """The zero matrix; sums drop it.

    Parameters
    ----------
    out_features, in_features : int
        Shape.
    """

    is_zero = True

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return x.new_zeros(*x.shape[:-1], self.out_features)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return y.new_zeros(*y.shape[:-1], self.in_features)

    def _cost(self, batch: int) -> Cost:
        return Cost.elementwise(0, batch * self.out_features)

    def _symbol(self) -> str:
        return f"0({self.out_features}×{self.in_features})"
