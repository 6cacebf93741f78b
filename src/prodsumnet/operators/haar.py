"""The Haar wavelet transform."""

import torch

from prodsumnet.numerics import transforms
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.orthonormal import OrthonormalRows


class Haar(OrthonormalRows, kind="haar"):
    r"""The orthonormal Haar wavelet transform, over as many levels as the size has factors of two.

    Its adjoint is its inverse.

    Parameters
    ----------
    size : int
        Number of features ``n``, any positive integer; an odd one leaves everything as it is.

    Notes
    -----
    A level replaces the averages so far by those of neighbouring pairs,
    :math:`(a_{2i} + a_{2i+1}) / \sqrt 2`, followed by their details,
    :math:`(a_{2i} - a_{2i+1}) / \sqrt 2` (Haar 1910; Mallat 1989). Averages come first, then the
    details from coarse to fine.
    """

    def __init__(self, size: int) -> None:
        super().__init__(size, size)
        self.size = self.out_features

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return transforms.haar(x)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return transforms.inverse_haar(y)

    def _cost(self, batch: int) -> Cost:
        return Cost.elementwise(4 * batch * self.size, 2 * batch * self.size, 2 * batch * self.size)

    def _symbol(self) -> str:
        return f"Haar({self.size})"
