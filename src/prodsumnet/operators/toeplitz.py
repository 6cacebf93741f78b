"""Toeplitz matrices."""

import torch
from torch.nn import functional

from prodsumnet.numerics import checks
from prodsumnet.numerics.convolution import circular_convolve
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.factor import Factor


class Toeplitz(Factor, kind="toeplitz"):
    r"""A matrix that is constant along diagonals, :math:`A_{ij} = t_{i-j}`, applied by FFT.

    Parameters
    ----------
    out_features, in_features : int
        Shape.
    lower, upper : int, optional
        Only the diagonals :math:`-\mathrm{upper} \le i - j \le \mathrm{lower}` are kept: ``lower``
        below the main one and ``upper`` above it, by default all. One of them may be negative: the
        band then lies on the other side of the main diagonal.
    device, dtype
        As for torch's layers; a complex ``dtype`` gives complex numbers.

    Raises
    ------
    ValueError
        If a diagonal lies outside the matrix, or none is kept.

    Notes
    -----
    ``weight`` holds :math:`t_{-\mathrm{upper}} \dots t_{\mathrm{lower}}`. The matrix is a corner of
    a circulant matrix of at least ``out_features + in_features - 1`` features (Golub & Van Loan
    2013, section 4.8).
    """

    def __init__(
        self,
        out_features: int,
        in_features: int,
        lower: int | None = None,
        upper: int | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(out_features, in_features)
        below, above = self.out_features - 1, self.in_features - 1
        self.lower = below if lower is None else checks.bounded_int("lower", lower, -above, below)
        least = max(-below, -self.lower)
        self.upper = above if upper is None else checks.bounded_int("upper", upper, least, above)
        self._allocate(self.lower + self.upper + 1, device=device, dtype=dtype)

    def _multiplicity(self) -> torch.Tensor:
        shift = torch.arange(-self.upper, self.lower + 1, device=self.weight.device)
        return (self.in_features + shift).clamp(max=self.out_features) - shift.clamp(min=0)

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        kernel = padded(self.weight, *self.shape).roll(-self.upper)
        return circular_convolve(x, kernel, self.out_features)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        kernel = padded(self.weight.conj().flip(0), *self.shape).roll(-self.lower)
        return circular_convolve(y, kernel, self.in_features)

    def _cost(self, batch: int) -> Cost:
        return convolution_cost(batch, *self.shape)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        outside = self.in_features - 1 - self.upper, self.out_features - 1 - self.lower
        i = torch.arange(self.out_features, device=self.weight.device)
        j = torch.arange(self.in_features, device=self.weight.device)
        return functional.pad(self.weight, outside)[i[:, None] - j + self.in_features - 1]

    def _symbol(self) -> str:
        return f"Toeplitz({self.out_features}×{self.in_features}, {len(self.weight)})"


def padded(numbers: torch.Tensor, out_features: int, in_features: int) -> torch.Tensor:
    """Return a kernel of diagonals, zero beyond them, that wraps around into no output.

    Its length has no prime factors but 2, 3 and 5, which suits the FFT.
    """
    return functional.pad(numbers, (0, _length(out_features, in_features) - len(numbers)))


def convolution_cost(batch: int, count: int, features: int) -> Cost:
    """Cost of convolving from ``features`` to ``count`` numbers."""
    length = _length(features, count)
    spectrum = Cost.elementwise(batch * length, batch * length, 3 * batch * length)
    return Cost.fft(1, length) + Cost.fft(2 * batch, length) + spectrum


def _length(features: int, count: int) -> int:
    """Return a length without wrap-around whose prime factors are 2, 3 and 5, for the FFT."""
    least = features + count - 1
    return min(odd << (-(-least // odd) - 1).bit_length() for odd in (1, 3, 5, 9, 15))
