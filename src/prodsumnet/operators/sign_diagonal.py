"""Diagonal matrices of random signs."""

import torch

from prodsumnet.numerics import checks, streams
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.orthonormal import OrthonormalRows


class SignDiagonal(OrthonormalRows, kind="sign-diagonal"):
    """A fixed diagonal of random signs, which spreads what fast transforms would concentrate.

    The randomisation of the fast Johnson-Lindenstrauss transform (Ailon & Chazelle 2009).

    Parameters
    ----------
    size : int
        Number of features on both sides.
    seed : int, optional
        Which signs.
    """

    signs: torch.Tensor

    def __init__(self, size: int, seed: int = 0, device: torch.device | str | None = None) -> None:
        super().__init__(size, size)
        self.size, self.seed = self.out_features, checks.seed_int(seed)

        def signs() -> torch.Tensor:
            return streams.signs(self.seed, self.size, device)

        self._hold("signs", signs, (self.size,), torch.int8, device)

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.signs

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return y * self.signs

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.signs[:, None]

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        return y * self.signs[:, None]

    def _cost(self, batch: int) -> Cost:
        numbers = batch * self.size
        return Cost.elementwise(numbers + self.size, numbers, numbers)

    def _symbol(self) -> str:
        return f"Signs({self.size})"
