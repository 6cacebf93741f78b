"""An operator applied to a batch piece by piece."""

import math
from collections.abc import Callable

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
        return self._by_pieces(self.operator._matvec, x, self.out_features)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return self._by_pieces(self.operator._rmatvec, y, self.in_features)

    def _by_pieces(
        self, apply: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, features: int
    ) -> torch.Tensor:
        pieces = x.reshape(math.prod(x.shape[:-1]), x.shape[-1]).split(self.size)
        images = torch.cat([apply(piece) for piece in pieces])
        return images.view(*x.shape[:-1], features)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return self.operator._to_dense(dtype, device)

    def _cost(self, batch: int) -> Cost:
        outputs = batch * self.out_features
        return self.operator._cost(batch) + Cost.elementwise(outputs, outputs)

    def _symbol(self) -> str:
        return f"({self.operator._symbol()})/{self.size}"
