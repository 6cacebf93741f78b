"""The discrete Fourier transform."""

import torch

from prodsumnet.operators.cost import Cost
from prodsumnet.operators.orthonormal import OrthonormalRows


class DFT(OrthonormalRows, kind="dft"):
    r"""The unitary discrete Fourier transform; its adjoint is its inverse.

    Like a complex multiple it gives complex numbers for real ones, and so makes the expression
    that it is in complex.

    Parameters
    ----------
    size : int
        Number of features ``n``, any positive integer.

    Notes
    -----
    :math:`F_{kj} = e^{-2 \pi i k j / n} / \sqrt n`, applied by FFT (Cooley & Tukey 1965).
    """

    def __init__(self, size: int) -> None:
        super().__init__(size, size)
        self.size = self.out_features

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return torch.fft.fft(_precise(x), norm="ortho") if x.numel() else _as_complex(x)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return torch.fft.ifft(_precise(y), norm="ortho") if y.numel() else _as_complex(y)

    def _cost(self, batch: int) -> Cost:
        return Cost.fft(2 * batch, self.size)

    def _symbol(self) -> str:
        return f"F({self.size})"


def _precise(x: torch.Tensor) -> torch.Tensor:
    """Return a tensor of single precision at least, since FFTs have no lower one."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def _as_complex(x: torch.Tensor) -> torch.Tensor:
    return x.to(_precise(x).dtype.to_complex())
