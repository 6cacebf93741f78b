"""Filters: diagonal matrices between the Fourier transform and its inverse."""

import math
from collections.abc import Sequence

import torch

from prodsumnet.numerics import checks
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.factor import Factor

_MAX_AXES = 8
_MAX_FEATURES = 2**22
"""Most features: all their frequencies are sorted, however few pass."""


class FourierFilter(Factor, kind="fourier-filter"):
    r"""A bank of circular convolutions with full-size kernels, held by their spectra.

    Each filter is :math:`F^{-1} \mathrm{diag}(d) F` on a line, an image, or a tensor of more axes,
    whose entries in row-major order are the features; all see the same input, and their outputs
    are stacked.

    Parameters
    ----------
    sizes : sequence of int
        Lengths of the axes.
    num_frequencies : int, optional
        How many of the lowest frequencies pass, by default all. They are ordered by
        :math:`|k|^2` with every :math:`k_a` folded to :math:`\min(k_a, n_a - k_a)`, then by index.
    num_filters : int, optional
        How many filters there are.
    device, dtype
        As for torch's layers; a complex ``dtype`` gives complex kernels.

    Raises
    ------
    ValueError
        If there is no axis, or more than 8, or more than 2**22 features, or more frequencies are
        wanted than there are.

    Notes
    -----
    ``weight``, of shape ``(num_filters, num_frequencies)``, is the Hartley transform ``h`` of the
    kernel at the frequencies that pass, in row-major order: as many real numbers as a real kernel
    has entries (Bracewell 1983). With
    :math:`d_k = \frac{h_k + h_{-k}}{2} - i \frac{h_k - h_{-k}}{2}` the spectrum of a real ``h`` is
    conjugate symmetric, and the matrix real (Mathieu, Henaff & LeCun 2013).
    """

    index: torch.Tensor

    def __init__(
        self,
        sizes: Sequence[int],
        num_frequencies: int | None = None,
        num_filters: int = 1,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        given = checks.int_sequence("sizes", sizes)
        if not 1 <= len(given) <= _MAX_AXES:
            raise ValueError(f"sizes must have 1 to {_MAX_AXES} axes, got {len(given)}")
        lengths = checks.size_tuple("sizes", given, len(given))
        num_filters = checks.positive_int("num_filters", num_filters)
        features = checks.positive_int("the product of sizes", math.prod(lengths), _MAX_FEATURES)
        super().__init__(num_filters * features, features)
        self.sizes, self.num_filters = lengths, num_filters
        passing = features if num_frequencies is None else num_frequencies
        self.num_frequencies = checks.positive_int("num_frequencies", passing, features)

        def index() -> torch.Tensor:
            square = torch.zeros((), dtype=torch.int64, device=device)
            for size in self.sizes:
                k = torch.arange(size, device=device)
                square = square[..., None] + torch.minimum(k, size - k) ** 2
            lowest = square.flatten().argsort(stable=True)[: self.num_frequencies]
            return lowest.sort().values

        self._hold("index", index, (self.num_frequencies,), torch.int64, device)
        self._allocate(self.num_filters, self.num_frequencies, device=device, dtype=dtype)

    def _multiplicity(self) -> int:
        # A number fills the matrix with cos + sin over n, whose squares average to 1 / n**2.
        return 1

    def _hartley(self) -> torch.Tensor:
        """Return ``h`` at all frequencies, ``(num_filters, features)``."""
        zeros = self.weight.new_zeros(self.num_filters, self.in_features)
        return zeros.index_copy(1, self.index, self.weight)

    def _spectrum(self, adjoint: bool) -> torch.Tensor:
        """Return ``d`` of every filter, ``(num_filters, *sizes)``."""
        h = self._hartley().reshape(-1, *self.sizes)
        # FFTs have no half precision.
        h = h.to(torch.promote_types(h.dtype, torch.float32))
        axes = tuple(range(1, h.dim()))
        mirrored = h.flip(axes).roll((1,) * len(axes), axes)
        even, odd = (h + mirrored) / 2, (h - mirrored) / 2
        d = even - 1j * odd if h.is_complex() else torch.complex(even, -odd)
        return d.conj() if adjoint else d

    def _transformed(self, x: torch.Tensor, adjoint: bool) -> torch.Tensor:
        """``(..., 1 or num_filters, features)`` to the filters' responses, or their adjoints."""
        lead, spectrum = x.shape[:-2], self._spectrum(adjoint)
        tensor = x.reshape(math.prod(lead), x.shape[-2], *self.sizes)
        tensor = tensor.to(torch.promote_types(x.dtype, torch.float32))
        axes = tuple(range(2, tensor.dim()))
        if x.is_complex() or self.weight.is_complex():
            product = torch.fft.fftn(tensor, dim=axes) * spectrum
            product = product.sum(1, keepdim=True) if adjoint else product
            y = torch.fft.ifftn(product, dim=axes)
        else:
            half = spectrum[..., : self.sizes[-1] // 2 + 1]
            product = torch.fft.rfftn(tensor, dim=axes) * half
            product = product.sum(1, keepdim=True) if adjoint else product
            y = torch.fft.irfftn(product, s=self.sizes, dim=axes).to(x.dtype)
        return y.reshape(*lead, -1)

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        blocks = x.unsqueeze(-2)
        if x.numel() == 0:
            # FFT libraries refuse empty batches; the numbers stay in the graph.
            return (blocks * self._hartley()).flatten(-2)
        return self._transformed(blocks, adjoint=False)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        blocks = y.unflatten(-1, (self.num_filters, self.in_features))
        if y.numel() == 0:
            return (blocks * self._hartley()).sum(-2)
        return self._transformed(blocks, adjoint=True)

    def _cost(self, batch: int) -> Cost:
        filtered = batch * self.num_filters
        numbers = filtered * self.in_features
        spectrum = Cost.elementwise(self.weight.numel() + numbers, numbers, 3 * numbers)
        return Cost.fft(batch + filtered, self.in_features) + spectrum

    def _symbol(self) -> str:
        filters = f"{self.num_filters}×" if self.num_filters > 1 else ""
        return f"Filter({filters}[{'×'.join(map(str, self.sizes))}], {self.num_frequencies})"
