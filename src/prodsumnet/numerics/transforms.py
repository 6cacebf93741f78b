"""Fast real and complex transforms along the last axis, for any leading dimensions.

Every function accepts empty batches (FFT libraries refuse them) and half precision (computed in
float32, since FFTs have no half-precision kernels on a CPU). All are orthogonal, so that the
gradient of one is another one.
"""

import math
from functools import lru_cache

import scipy.fft
import torch

from prodsumnet.numerics.eager import eager
from prodsumnet.numerics.orthogonal import Transform

_HADAMARD_BITS = 4
"""A factor of 16: a product with it takes about as long as reading and writing the numbers."""


def dct_matrix(
    n: int, dtype: torch.dtype | None = None, device: torch.device | str | None = None
) -> torch.Tensor:
    """Orthonormal DCT-II matrix, row ``k``: ``sqrt((2 - [k=0]) / n) cos(pi k (2 j + 1) / (2 n))``.

    Computed in float64 and rounded once (Ahmed, Natarajan & Rao 1974).
    """
    k = torch.arange(n, dtype=torch.float64, device=device)
    angle = math.pi / (2 * n) * torch.outer(k, 2 * k + 1)
    matrix = math.sqrt(2 / n) * torch.cos(angle)
    matrix[0] = math.sqrt(1 / n)
    return matrix.to(torch.get_default_dtype() if dtype is None else dtype)


def _phase(n: int, x: torch.Tensor, sign: int) -> torch.Tensor:
    angle = torch.arange(n, dtype=torch.float64, device=x.device) * (sign * math.pi / (2 * n))
    dtype = torch.complex128 if x.dtype == torch.float64 else torch.complex64
    return torch.polar(torch.ones_like(angle), angle).to(dtype)


def _by_scipy(x: torch.Tensor, kind: int) -> torch.Tensor:
    """Twice as fast as by an FFT, since its passes are real and take many rows at once."""
    rows = x.detach().resolve_neg().numpy()
    return torch.from_numpy(
        scipy.fft.dct(rows, kind, norm="ortho", workers=torch.get_num_threads())
    )


def _dct_rows(x: torch.Tensor) -> torch.Tensor:
    if eager(x) and x.device.type == "cpu":
        return _by_scipy(x, 2)
    n = x.shape[-1]
    reordered = torch.cat((x[..., ::2], x[..., 1::2].flip(-1)), dim=-1)
    y = (torch.fft.fft(reordered) * _phase(n, x, -1)).real * math.sqrt(2 / n)
    return torch.cat((y[..., :1] * math.sqrt(0.5), y[..., 1:]), dim=-1)


def _idct_rows(y: torch.Tensor) -> torch.Tensor:
    if eager(y) and y.device.type == "cpu":
        return _by_scipy(y, 3)
    n = y.shape[-1]
    scaled = torch.cat((y[..., :1] * math.sqrt(2.0), y[..., 1:]), dim=-1) * math.sqrt(n / 2)
    mirrored = torch.cat((torch.zeros_like(y[..., :1]), scaled[..., 1:].flip(-1)), dim=-1)
    v = torch.fft.ifft(torch.complex(scaled, -mirrored) * _phase(n, y, 1)).real
    # The even positions come first, then the odd ones from the last on.
    odd = v[..., (n + 1) // 2 :].flip(-1)
    pairs = torch.stack((v[..., : n // 2], odd), dim=-1).reshape(*y.shape[:-1], n // 2 * 2)
    return torch.cat((pairs, v[..., n // 2 : (n + 1) // 2]), dim=-1)


_COSINE = Transform(_dct_rows, _idct_rows, chunked=False)


def dct(x: torch.Tensor) -> torch.Tensor:
    """Orthonormal DCT-II of the last axis: scipy's on a CPU, else by one FFT (Makhoul 1980)."""
    return _COSINE(x)


def idct(y: torch.Tensor) -> torch.Tensor:
    """Inverse, and adjoint, of `dct`: the orthonormal DCT-III."""
    return _COSINE.reverse(y)


def _hadamard_matrix(n: int, like: torch.Tensor) -> torch.Tensor:
    i = torch.arange(n, device=like.device)
    # The sign is the parity of the bits that two indices share.
    shared = i[:, None] & i
    parity = sum((shared >> bit for bit in range((n - 1).bit_length())), torch.zeros_like(shared))
    return (1 - 2 * (parity & 1)).to(like.dtype) / math.sqrt(n)


@lru_cache
def _held_hadamard_matrix(n: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    with torch.inference_mode(False):
        return _hadamard_matrix(n, torch.empty(0, dtype=dtype, device=device))


def hadamard_sizes(n: int) -> list[int]:
    """Return the sizes of the Kronecker factors of the Hadamard matrix of size ``n``."""
    bits = n.bit_length() - 1
    count = max(1, -(-bits // _HADAMARD_BITS))
    return [1 << (bits * (i + 1) // count - bits * i // count) for i in range(count)]


def _hadamard_factors(n: int, like: torch.Tensor) -> list[torch.Tensor]:
    """Return orthonormal Hadamard matrices whose Kronecker product is that of size ``n``."""
    if eager(like):
        return [_held_hadamard_matrix(k, like.dtype, like.device) for k in hadamard_sizes(n)]
    return [_hadamard_matrix(k, like) for k in hadamard_sizes(n)]


def _hadamard_rows(x: torch.Tensor) -> torch.Tensor:
    """Transform the last axis and make it the first, as often as there are axes."""
    y = x
    for factor in reversed(_hadamard_factors(x.shape[1], x)):
        columns = y.reshape(x.shape[0], -1, len(factor)).mT
        y = torch.bmm(factor.expand(x.shape[0], -1, -1), columns)
    return y.reshape(x.shape)


_HADAMARD = Transform(_hadamard_rows, _hadamard_rows)


def hadamard(x: torch.Tensor) -> torch.Tensor:
    """Orthonormal Walsh-Hadamard transform, natural (Sylvester) order, of a power-of-two axis.

    By products with its Kronecker factors, which take few passes over the numbers.
    """
    return _HADAMARD(x)


def _hadamard_columns(x: torch.Tensor) -> torch.Tensor:
    y, outer = x, 1
    for factor in _hadamard_factors(len(x), x):
        y = torch.matmul(factor, y.reshape(outer, len(factor), -1))
        outer *= len(factor)
    return y.reshape(x.shape)


_HADAMARD_COLUMNS = Transform(_hadamard_columns, _hadamard_columns, chunked=False)


def hadamard_columns(x: torch.Tensor) -> torch.Tensor:
    """Apply `hadamard` to the first axis of a matrix."""
    return _HADAMARD_COLUMNS(x)


def _hartley_rows(x: torch.Tensor) -> torch.Tensor:
    spectrum = torch.fft.rfft(x, norm="ortho")
    mirrored = spectrum[..., 1 : (x.shape[-1] + 1) // 2].flip(-1)
    return torch.cat((spectrum.real - spectrum.imag, mirrored.real + mirrored.imag), dim=-1)


_HARTLEY = Transform(_hartley_rows, _hartley_rows)


def hartley(x: torch.Tensor) -> torch.Tensor:
    """Orthonormal Hartley transform of the last axis, which is its own inverse (Bracewell 1983)."""
    return _HARTLEY(x)


def _haar_rows(x: torch.Tensor) -> torch.Tensor:
    averages, details, scale = x, [], 1.0
    while averages.shape[-1] % 2 == 0:
        even, odd = averages[..., ::2], averages[..., 1::2]
        averages = even + odd
        scale *= math.sqrt(0.5)
        details.append((even - odd).mul_(scale))
    return torch.cat((averages * scale, *reversed(details)), dim=-1)


def _inverse_haar_rows(y: torch.Tensor) -> torch.Tensor:
    size = y.shape[-1]
    count = size // (size & -size)  # the odd part: as many averages are left by all levels
    scale = math.sqrt(count / size)
    averages = y[..., :count] * scale
    while count < size:
        details = y[..., count : 2 * count]
        sides = (averages.add(details, alpha=scale), averages.sub(details, alpha=scale))
        count, scale = 2 * count, scale * math.sqrt(2.0)
        averages = torch.stack(sides, dim=-1).reshape(*y.shape[:-1], count)
    return averages


_HAAR = Transform(_haar_rows, _inverse_haar_rows, chunked=False)


def haar(x: torch.Tensor) -> torch.Tensor:
    """Orthonormal Haar wavelet transform of the last axis, while its averages are even in number.

    Averages come first, then the details from coarse to fine.
    """
    return _HAAR(x)


def inverse_haar(y: torch.Tensor) -> torch.Tensor:
    """Inverse, and adjoint, of `haar`."""
    return _HAAR.reverse(y)
