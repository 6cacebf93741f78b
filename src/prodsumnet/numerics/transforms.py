"""Fast real and complex transforms along the last axis, for any leading dimensions.

Every function accepts empty batches (FFT libraries refuse them) and half precision (computed in
float32, since FFTs have no half-precision kernels on a CPU).
"""

import math

import torch


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


def _full_precision(x: torch.Tensor) -> torch.Tensor:
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def _phase(n: int, x: torch.Tensor, sign: int) -> torch.Tensor:
    dtype = torch.float64 if x.dtype in (torch.float64, torch.complex128) else torch.float32
    angle = torch.arange(n, dtype=torch.float64, device=x.device) * (sign * math.pi / (2 * n))
    return torch.polar(torch.ones_like(angle), angle).to(
        torch.complex128 if dtype == torch.float64 else torch.complex64
    )


def dct(x: torch.Tensor) -> torch.Tensor:
    """Orthonormal DCT-II of the last axis by one FFT (Makhoul 1980)."""
    if x.numel() == 0 or x.shape[-1] == 1:
        return x
    if x.is_complex():
        return torch.complex(dct(x.real), dct(x.imag))
    n, full = x.shape[-1], _full_precision(x)
    reordered = torch.cat((full[..., ::2], full[..., 1::2].flip(-1)), dim=-1)
    y = (torch.fft.fft(reordered) * _phase(n, full, -1)).real * math.sqrt(2 / n)
    y = torch.cat((y[..., :1] * math.sqrt(0.5), y[..., 1:]), dim=-1)
    return y.to(x.dtype)


def idct(y: torch.Tensor) -> torch.Tensor:
    """Inverse, and adjoint, of `dct`: the orthonormal DCT-III."""
    if y.numel() == 0 or y.shape[-1] == 1:
        return y
    if y.is_complex():
        return torch.complex(idct(y.real), idct(y.imag))
    n, full = y.shape[-1], _full_precision(y)
    scaled = torch.cat((full[..., :1] * math.sqrt(2.0), full[..., 1:]), dim=-1) * math.sqrt(n / 2)
    mirrored = torch.cat((torch.zeros_like(full[..., :1]), scaled[..., 1:].flip(-1)), dim=-1)
    spectrum = torch.complex(scaled, -mirrored) * _phase(n, full, 1)
    v = torch.fft.ifft(spectrum).real
    half = (n + 1) // 2
    x = torch.empty_like(v)
    x[..., ::2] = v[..., :half]
    x[..., 1::2] = v[..., half:].flip(-1)
    return x.to(y.dtype)


def hadamard(x: torch.Tensor) -> torch.Tensor:
    """Orthonormal Walsh-Hadamard transform, natural (Sylvester) order, of a power-of-two axis."""
    n = x.shape[-1]
    y = x.reshape(*x.shape[:-1], n)
    step = 1
    while step < n:
        pairs = y.reshape(*x.shape[:-1], n // (2 * step), 2, step)
        a, b = pairs[..., 0, :], pairs[..., 1, :]
        y = torch.stack((a + b, a - b), dim=-2)
        step *= 2
    return y.reshape(x.shape) * (1 / math.sqrt(n))


def hartley(x: torch.Tensor) -> torch.Tensor:
    """Orthonormal Hartley transform of the last axis, which is its own inverse (Bracewell 1983)."""
    if x.numel() == 0 or x.shape[-1] == 1:
        return x
    if x.is_complex():
        return torch.complex(hartley(x.real), hartley(x.imag))
    spectrum = torch.fft.fft(_full_precision(x), norm="ortho")
    return (spectrum.real - spectrum.imag).to(x.dtype)


def haar(x: torch.Tensor) -> torch.Tensor:
    """Orthonormal Haar wavelet transform of the last axis, while its averages are even in number.

    Averages come first, then the details from coarse to fine.
    """
    averages, details = x, []
    while averages.shape[-1] % 2 == 0:
        even, odd = averages[..., ::2], averages[..., 1::2]
        averages = (even + odd) * math.sqrt(0.5)
        details.append((even - odd) * math.sqrt(0.5))
    return torch.cat((averages, *reversed(details)), dim=-1)


def inverse_haar(y: torch.Tensor) -> torch.Tensor:
    """Inverse, and adjoint, of `haar`."""
    size = y.shape[-1]
    count = size // (size & -size)  # the odd part: as many averages are left by all levels
    averages = y[..., :count]
    while count < size:
        details = y[..., count : 2 * count]
        pairs = torch.stack((averages + details, averages - details), dim=-1) * math.sqrt(0.5)
        count *= 2
        averages = pairs.reshape(*y.shape[:-1], count)
    return averages


def circular_convolve(x: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
    """Circular convolution ``y_i = sum_j c_{(i - j) mod n} x_j`` along the last axis by FFT."""
    if x.numel() == 0:
        # A product, so that the kernel stays in the graph of an empty batch.
        return x * c
    n, full, kernel = x.shape[-1], _full_precision(x), _full_precision(c)
    if full.is_complex() or kernel.is_complex():
        return torch.fft.ifft(torch.fft.fft(full) * torch.fft.fft(kernel))
    y = torch.fft.irfft(torch.fft.rfft(full) * torch.fft.rfft(kernel), n=n)
    return y.to(x.dtype)
