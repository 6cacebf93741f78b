"""The discrete Hartley transform: the Fourier transform in real form."""

import torch

from prodsumnet.numerics import transforms
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.orthonormal import OrthonormalRows


class Hartley(OrthonormalRows, kind="hartley"):
    r"""The orthonormal discrete Hartley transform; it is its own inverse and adjoint.

    Parameters
    ----------
    size : int
        Number of features ``n``, any positive integer.

    Notes
    -----
    :math:`(\cos t + \sin t) / \sqrt n` with :math:`t = 2 \pi k j / n`: the difference of the real
    and the imaginary part of the Fourier transform (Bracewell 1983), by one FFT. Rows k and n - k
    together span the frequency k.
    """

    def __init__(self, size: int) -> None:
        super().__init__(size, size)
        self.size = self.out_features

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return transforms.hartley(x)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return transforms.hartley(y)

    def _cost(self, batch: int) -> Cost:
        return Cost.fft(batch, self.size) + Cost.elementwise(
            2 * batch * self.size, batch * self.size, batch * self.size
        )

    def _symbol(self) -> str:
        return f"Hartley({self.size})"
