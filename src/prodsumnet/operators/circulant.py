"""Circulant matrices."""

import torch

from prodsumnet.numerics.convolution import circular_convolve
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.factor import Factor


class Circulant(Factor, kind="circulant"):
    r"""A circulant matrix, :math:`A_{ij} = c_{(i-j) \bmod n}`, applied by FFT.

    Parameters
    ----------
    size : int
        Number of features ``n`` on both sides; ``weight`` is the first column ``c``.
    device, dtype
        As for torch's layers; a complex ``dtype`` gives complex numbers.

    Notes
    -----
    :math:`A = F^{-1} \mathrm{diag}(F c) F` with the discrete Fourier transform ``F`` (Davis 1979).
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
        return circular_convolve(x, self.weight)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        reflected = torch.cat((self.weight[:1], self.weight[1:].flip(0)))
        return circular_convolve(y, reflected.conj())

    def _cost(self, batch: int) -> Cost:
        spectrum = Cost.elementwise(batch * self.size, batch * self.size, 3 * batch * self.size)
        return Cost.fft(1, self.size) + Cost.fft(2 * batch, self.size) + spectrum

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        i = torch.arange(self.size, device=self.weight.device)
        return self.weight[(i[:, None] - i) % self.size]

    def _symbol(self) -> str:
        return f"Circulant({self.size})"
