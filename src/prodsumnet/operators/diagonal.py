"""Diagonal matrices."""

import torch

from prodsumnet.numerics.elementwise import scale
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.factor import Factor


class Diagonal(Factor, kind="diagonal"):
    """A diagonal matrix ``diag(d)`` with trainable ``d``.

    Parameters
    ----------
    size : int
        Number of features on both sides.
    device, dtype
        As for torch's layers; a complex ``dtype`` gives complex numbers.
    """

    def __init__(
        self,
        size: int,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(size, size)
        self.size = self.out_features
        self._allocate(self.size, device=device, dtype=dtype)

    def _multiplicity(self) -> int:
        return 1

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return scale(x, self.weight)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return scale(y, self.weight.conj())

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.weight[:, None]

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        return y * self.weight.conj()[:, None]

    def _cost(self, batch: int) -> Cost:
        numbers = batch * self.size
        return Cost.elementwise(numbers + self.size, numbers, numbers)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return torch.diag(self.weight)

    def _symbol(self) -> str:
        return f"Diagonal({self.size})"
