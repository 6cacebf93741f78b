"""An operator computed with features outermost."""

import math
from collections.abc import Callable

import torch

from prodsumnet.operators import Cost, LinearOperator


class Columns(LinearOperator):
    """The same operator, evaluated on the columns of a matrix: a transposition before and after.

    Kernels that gather features, or multiply by blocks, read and write whole rows of a batch then.

    Parameters
    ----------
    operator : LinearOperator
        The operator, whose numbers are shared.
    """

    def __init__(self, operator: LinearOperator) -> None:
        super().__init__(*operator.shape)
        self.operator = operator

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return _transposed(x, self.operator._matmat)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return _transposed(y, self.operator._rmatmat)

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        return self.operator._matmat(x)

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        return self.operator._rmatmat(y)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return self.operator._to_dense(dtype, device)

    def _cost(self, batch: int) -> Cost:
        return self.operator._cost(batch) + transpositions(batch, *self.shape)

    def _symbol(self) -> str:
        return f"({self.operator._symbol()})↓"


def transpositions(batch: int, out_features: int, in_features: int) -> Cost:
    """Return the cost of transposing a batch before and after an operator."""
    numbers = batch * (in_features + out_features)
    return Cost.elementwise(numbers, numbers)


def _transposed(x: torch.Tensor, matmat: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    lead = x.shape[:-1]
    images = matmat(x.reshape(math.prod(lead), x.shape[-1]).mT.contiguous())
    return images.mT.contiguous().view(*lead, len(images))
