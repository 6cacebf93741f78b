"""The Walsh-Hadamard transform."""

import torch

from prodsumnet.numerics import transforms
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.orthonormal import OrthonormalRows


class Hadamard(OrthonormalRows, kind="hadamard"):
    r"""The orthonormal Hadamard matrix in natural order; it is its own inverse and adjoint.

    Parameters
    ----------
    size : int
        Number of features, a power of two. Other sizes are padded and truncated explicitly, see
        `prodsumnet.operators.zero_pad`.

    Raises
    ------
    ValueError
        If ``size`` is not a power of two.

    Notes
    -----
    :math:`H_{2n} = \begin{pmatrix} H_n & H_n \\ H_n & -H_n \end{pmatrix} / \sqrt 2` (Sylvester
    1867), applied as products with Kronecker factors of at most 16 features: more operations than
    the :math:`n \log_2 n` additions of butterflies, but fewer passes over the numbers.
    """

    def __init__(self, size: int) -> None:
        super().__init__(size, size)
        self.size = self.out_features
        if self.size & (self.size - 1):
            raise ValueError(
                f"the Hadamard transform needs a power of two, got size {self.size}; "
                f"pad to {1 << self.size.bit_length()} with zero_pad"
            )

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return transforms.hadamard(x)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return transforms.hadamard(y)

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        return transforms.hadamard_columns(x)

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        return transforms.hadamard_columns(y)

    def _cost(self, batch: int) -> Cost:
        sizes = transforms.hadamard_sizes(self.size)
        return sum((Cost.matmul(batch * (self.size // k), k, k) for k in sizes), Cost())

    def _symbol(self) -> str:
        return f"H({self.size})"
