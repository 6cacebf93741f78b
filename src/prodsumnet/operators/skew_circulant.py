"""Skew-circulant matrices."""

import torch

from prodsumnet.numerics.convolution import circular_convolve
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.factor import Factor


class SkewCirculant(Factor, kind="skew-circulant"):
    r"""A circulant matrix whose entries above the diagonal change their sign, applied by FFT.

    :math:`A_{ij} = c_{i-j}` on and below the diagonal, :math:`-c_{n+i-j}` above it: the f-circulant
    matrix with f = -1.

    Parameters
    ----------
    size : int
        Number of features ``n`` on both sides; ``weight`` is the first column ``c``.
    device, dtype
        As for torch's layers; a complex ``dtype`` gives complex numbers.

    Notes
    -----
    It is a corner of the circulant matrix of ``2 n`` features with the first column ``(c, -c)``
    (Davis 1979).
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
        return self.size

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return self._convolve(x, self.weight)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        column = torch.cat((self.weight[:1], -self.weight[1:].flip(0)))
        return self._convolve(y, column.conj())

    def _convolve(self, x: torch.Tensor, column: torch.Tensor) -> torch.Tensor:
        return circular_convolve(x, torch.cat((column, -column)), self.size)

    def _cost(self, batch: int) -> Cost:
        numbers = 2 * batch * self.size
        spectrum = Cost.elementwise(numbers, numbers, 3 * numbers)
        return Cost.fft(1, 2 * self.size) + Cost.fft(2 * batch, 2 * self.size) + spectrum

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        i = torch.arange(self.size, device=self.weight.device)
        return torch.cat((self.weight, -self.weight))[(i[:, None] - i) % (2 * self.size)]

    def _symbol(self) -> str:
        return f"SkewCirculant({self.size})"
