"""An operator applied to a batch piece by piece."""

import math

import torch

from prodsumnet.operators import Cost, LinearOperator


class Chunked(LinearOperator):
    """The same operator, applied to so many vectors at a time that what lies between fits a cache.

    Parameters
    ----------
    operator : LinearOperator
        The operator, whose numbers are shared.
    size : int
        Vectors at a time.
    """

    def __init__(self, operator: LinearOperator, size: int) -> None:
        super().__init__(*operator.shape)
        self.operator, self.size = operator, size

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        rows = x.reshape(math.prod(x.shape[:-1]), self.in_features)
        images = torch.cat([self.operator._matvec(part) for part in rows.split(self.size)])
        return images.view(*x.shape[:-1], self.out_features)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        rows = y.reshape(math.prod(y.shape[:-1]), self.out_features)
        images = torch.cat([self.operator._rmatvec(part) for part in rows.split(self.size)])
        return images.view(*y.shape[:-1], self.in_features)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return self.operator._to_dense(dtype, device)

    def _cost(self, batch: int) -> Cost:
        outputs = batch * self.out_features
        return self.operator._cost(batch) + Cost.elementwise(outputs, outputs)

    def _symbol(self) -> str:
        return f"({self.operator._symbol()})/{self.size}"
