"""Hankel matrices."""

import torch
from torch.nn import functional

from prodsumnet.numerics import checks
from prodsumnet.numerics.convolution import circular_convolve
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.factor import Factor
from prodsumnet.operators.toeplitz import convolution_cost, padded


class Hankel(Factor, kind="hankel"):
    r"""A matrix that is constant along antidiagonals, :math:`A_{ij} = h_{i+j}`, applied by FFT.

    Parameters
    ----------
    out_features, in_features : int
        Shape.
    first, last : int, optional
        Only the antidiagonals :math:`\mathrm{first} \le i + j \le \mathrm{last}` are kept, by
        default all, ``0 ... out_features + in_features - 2``.
    device, dtype
        As for torch's layers; a complex ``dtype`` gives complex numbers.

    Raises
    ------
    ValueError
        If an antidiagonal lies outside the matrix, or none is kept.

    Notes
    -----
    ``weight`` holds :math:`h_{\mathrm{first}} \dots h_{\mathrm{last}}`. With the input reversed it
    is a Toeplitz matrix (Golub & Van Loan 2013, section 4.8).
    """

    def __init__(
        self,
        out_features: int,
        in_features: int,
        first: int | None = None,
        last: int | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(out_features, in_features)
        end = self.out_features + self.in_features - 2
        self.first = 0 if first is None else checks.bounded_int("first", first, 0, end)
        self.last = end if last is None else checks.bounded_int("last", last, self.first, end)
        self._allocate(self.last - self.first + 1, device=device, dtype=dtype)

    def _multiplicity(self) -> torch.Tensor:
        position = torch.arange(self.first, self.last + 1, device=self.weight.device)
        smallest = (position - self.in_features + 1).clamp(min=0)
        return (position + 1).clamp(max=self.out_features) - smallest

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return self._correlate(x, self.weight, self.out_features)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return self._correlate(y, self.weight.conj(), self.in_features)

    def _correlate(self, x: torch.Tensor, numbers: torch.Tensor, count: int) -> torch.Tensor:
        kernel = padded(numbers, *self.shape).roll(self.first)
        return circular_convolve(x, kernel, count, mirrored=True)

    def _cost(self, batch: int) -> Cost:
        return convolution_cost(batch, *self.shape)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        outside = self.first, self.out_features + self.in_features - 2 - self.last
        i = torch.arange(self.out_features, device=self.weight.device)
        j = torch.arange(self.in_features, device=self.weight.device)
        return functional.pad(self.weight, outside)[i[:, None] + j]

    def _symbol(self) -> str:
        return f"Hankel({self.out_features}×{self.in_features}, {len(self.weight)})"
