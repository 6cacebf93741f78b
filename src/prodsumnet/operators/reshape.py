"""An operator whose entries are those of another one, read in the same order."""

import math

import torch

from prodsumnet.operators import notation
from prodsumnet.operators.base import LinearOperator, check_operator
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.materialized import Materialized


class Reshape(Materialized, kind="reshape"):
    """The entries of an operator, row by row, as a matrix of another shape.

    A column ``Reshape(v, m, n)`` of ``m n`` numbers becomes a matrix; so matrices of different
    shapes and layers can be drawn from one pool of numbers, each a slice of it (HashedNets, Chen
    et al. 2015, share within a layer in this way).

    Parameters
    ----------
    operator : LinearOperator
        The operator, whose numbers are shared.
    out_features, in_features : int
        The new shape.

    Raises
    ------
    ValueError
        If the numbers of entries differ.
    """

    def __init__(self, operator: LinearOperator, out_features: int, in_features: int) -> None:
        super().__init__(out_features, in_features)
        rows, columns = check_operator(operator).shape
        if rows * columns != self.out_features * self.in_features:
            raise ValueError(
                f"cannot reshape {notation.formula(operator)} ({rows}×{columns}) to "
                f"{out_features}×{in_features}"
            )
        self.operator = operator

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return self.operator._to_dense(dtype, device).reshape(self.shape)

    def _cost(self, batch: int) -> Cost:
        whole = self.operator._cost(min(self.operator.shape))
        return whole + Cost.matmul(batch, self.out_features, self.in_features)

    def _reset(self, gain: float) -> None:
        self.operator.reset_parameters(
            gain * math.sqrt(self.out_features / self.operator.out_features)
        )

    def _rescalable(self) -> bool:
        return self.operator._rescalable()

    def _rescale(self, factor: float) -> None:
        self.operator._rescale(factor)

    def _symbol(self) -> str:
        return f"[{self.operator._symbol()}]({self.out_features}×{self.in_features})"
