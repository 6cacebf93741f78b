"""The identity, which costs nothing."""

import torch

from prodsumnet.operators.cost import Cost
from prodsumnet.operators.orthonormal import OrthonormalRows


class Identity(OrthonormalRows, kind="identity"):
    """The identity matrix; products drop it.

    Parameters
    ----------
    size : int
        Number of features on both sides.
    """

    is_identity = True

    def __init__(self, size: int) -> None:
        super().__init__(size, size)
        self.size = self.out_features

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return x

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return y

    def _cost(self, batch: int) -> Cost:
        return Cost()

    def _symbol(self) -> str:
        return f"I({self.size})"
