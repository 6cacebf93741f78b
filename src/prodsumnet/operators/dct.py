"""The discrete cosine transform."""

import torch

from prodsumnet.numerics import transforms
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.orthonormal import OrthonormalRows


class DCT(OrthonormalRows, kind="dct"):
    r"""The orthonormal DCT-II; its adjoint is its inverse.

    Parameters
    ----------
    size : int
        Number of features ``n``, any positive integer.

    Notes
    -----
    :math:`C_{kj} = \sqrt{(2 - [k = 0]) / n} \cos(\pi k (2 j + 1) / 2 n)` (Ahmed, Natarajan & Rao
    1974), applied by one real FFT and rotations (Makhoul 1980), on a CPU by scipy.
    """

    def __init__(self, size: int) -> None:
        super().__init__(size, size)
        self.size = self.out_features

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return transforms.dct(x)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return transforms.idct(y)

    def _cost(self, batch: int) -> Cost:
        rotation = Cost.elementwise(0, 0, 6 * batch * self.size)
        return Cost.fft(batch, self.size) + rotation

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return transforms.dct_matrix(self.size, dtype, device)

    def _symbol(self) -> str:
        return f"DCT({self.size})"
