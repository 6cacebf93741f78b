"""Convolutions by the fast Fourier transform, for large kernels."""

import itertools
from collections.abc import Sequence

import torch

from prodsumnet.evaluation.convolution.geometry import Geometry, dilated


def transform_size(sizes: Sequence[int]) -> tuple[int, ...]:
    """Return the nearest sizes, at least as large, of which 2, 3 and 5 are the only prime factors.

    Transforms are fast for them.
    """
    return tuple(
        next(n for n in itertools.count(size) if 30 ** n.bit_length() % n == 0) for size in sizes
    )


def spectrum(kernel: torch.Tensor, geometry: Geometry, sizes: Sequence[int]) -> torch.Tensor:
    """Return the conjugate transform of kernels, ``(groups, frequencies, in, out)``.

    Parameters
    ----------
    kernel : Tensor
        ``(out_channels, in_channels // groups, *kernel_size)``.
    geometry : Geometry
        Of the convolution; a dilated kernel is one with zeros between.
    sizes : sequence of int
        Of the transform.
    """
    for axis, step in zip(range(-geometry.axes, 0), geometry.dilation, strict=True):
        kernel = dilated(kernel, axis, step)
    transformed = _transform(kernel.conj(), sizes).conj()
    grouped = transformed.flatten(2).unflatten(0, (geometry.groups, -1))
    return grouped.permute(0, 3, 2, 1).resolve_conj().contiguous()


def convolve(
    x: torch.Tensor, spectra: torch.Tensor, geometry: Geometry, sizes: Sequence[int]
) -> torch.Tensor:
    r"""Return :math:`F^{-1}(\overline{F w} \cdot F x)`, summed over channels at each frequency.

    The products over all frequencies are one batched matrix product (Mathieu, Henaff & LeCun 2013).

    Parameters
    ----------
    x : Tensor
        Images with borders, ``(N, in_channels, ...)``, complex if the kernels are.
    spectra : Tensor
        Of `spectrum`.
    geometry : Geometry
        Of the convolution.
    sizes : sequence of int
        Of the transform, at least the images'.
    """
    real = not x.is_complex()
    spectral = _transform(x, sizes)
    last = spectral.shape[2:]
    grouped = spectral.flatten(2).unflatten(1, (geometry.groups, -1))
    products = grouped.permute(1, 3, 0, 2).contiguous() @ spectra
    mixed = products.permute(2, 0, 3, 1).flatten(1, 2).contiguous().unflatten(2, last)
    dims = tuple(range(-geometry.axes, 0))
    invert = torch.fft.irfftn if real else torch.fft.ifftn
    y = invert(mixed, s=tuple(sizes), dim=dims)
    kept = (
        slice(0, (count - 1) * step + 1, step)
        for count, step in zip(geometry.valid_size(x.shape[2:]), geometry.stride, strict=True)
    )
    return y[(..., *kept)].contiguous()


def _transform(x: torch.Tensor, sizes: Sequence[int]) -> torch.Tensor:
    """Return the transform of the last axes; half of it where its other half is conjugate."""
    dims = tuple(range(-len(sizes), 0))
    forward = torch.fft.fftn if x.is_complex() else torch.fft.rfftn
    return forward(x, s=tuple(sizes), dim=dims)
