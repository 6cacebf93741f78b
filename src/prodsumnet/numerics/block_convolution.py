"""Circular convolutions between all pairs of blocks of features, by FFT."""

from functools import reduce
from typing import Any

import torch

from prodsumnet.numerics.eager import eager, in_chunks


def block_convolve(x: torch.Tensor, kernels: torch.Tensor, adjoint: bool = False) -> torch.Tensor:
    r"""Return the blocks :math:`y_p = \sum_q c_{pq} * x_q`, where ``*`` is circular convolution.

    One batched FFT of the blocks and one matrix product for each frequency (Ding et al. 2017).

    Parameters
    ----------
    x : Tensor
        ``(batch, columns * n)``, not empty and of full precision.
    kernels : Tensor
        ``(rows, columns, n)``, of the same type.
    adjoint : bool
        Return the adjoint instead, from ``(batch, rows * n)`` to ``(batch, columns * n)``.
    """
    if x.is_complex() or not eager(x, kernels):
        return _plain(x, kernels, adjoint)
    keep = torch.is_grad_enabled() and kernels.requires_grad
    return _BlockConvolution.apply(x, kernels, adjoint, keep)


def _plain(x: torch.Tensor, kernels: torch.Tensor, adjoint: bool) -> torch.Tensor:
    n = kernels.shape[-1]
    transform = torch.fft.fft if x.is_complex() else torch.fft.rfft
    inverse = torch.fft.ifft if x.is_complex() else torch.fft.irfft
    response = transform(kernels).permute(2, 1, 0)  # (frequency, column, row)
    spectrum = transform(x.reshape(x.shape[0], -1, n)).permute(2, 0, 1)
    product = torch.bmm(spectrum, response.mH if adjoint else response)
    return inverse(product.permute(1, 2, 0), n=n).reshape(x.shape[0], -1)


def _spectrum(x: torch.Tensor, n: int) -> torch.Tensor:
    """Return the real transforms of blocks, ``(frequency, batch, block)``, contiguous."""
    return torch.fft.rfft(x.reshape(x.shape[0], -1, n)).permute(2, 0, 1).contiguous()


def _signal(spectrum: torch.Tensor, n: int) -> torch.Tensor:
    """Inverse of `_spectrum`."""
    return torch.fft.irfft(spectrum.permute(1, 2, 0), n=n).reshape(spectrum.shape[1], -1)


class _BlockConvolution(torch.autograd.Function):
    """In chunks of the batch, with the transforms of the forward pass used again."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, kernels: torch.Tensor, adjoint: bool, keep: bool
    ) -> torch.Tensor:
        n, spectra = kernels.shape[-1], []
        # (frequency, from, to)
        response = torch.fft.rfft(kernels.detach()).permute(2, 1, 0)
        response = response.mH if adjoint else response.contiguous()

        def convolve(chunk: torch.Tensor) -> torch.Tensor:
            spectrum = _spectrum(chunk, n)
            if keep:
                spectra.append(spectrum)
            return _signal(torch.bmm(spectrum, response), n)

        y = in_chunks(convolve, x.detach(), x.shape[1], n * response.shape[2])
        ctx.save_for_backward(x, kernels, response, *spectra)
        ctx.adjoint = adjoint
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        x, kernels, response, *saved = ctx.saved_tensors
        (gradient,), n, adjoint = gradients, kernels.shape[-1], ctx.adjoint
        if torch.is_grad_enabled() or not eager(gradient):
            outer, inner = block_convolve(gradient, kernels, not adjoint), None
            if ctx.needs_input_grad[1]:
                spectra = _spectrum(gradient, n), _spectrum(x, n)
                inner = _kernels(_correlated(*spectra, adjoint), n)
            return outer, inner, None, None
        spectra, products, back = iter(saved), [], response.mH
        wanted = x.shape[1] if ctx.needs_input_grad[0] else 0

        def correlate(chunk: torch.Tensor) -> torch.Tensor:
            spectrum = _spectrum(chunk, n)
            if saved:
                products.append(_correlated(spectrum, next(spectra), adjoint))
            return _signal(torch.bmm(spectrum, back), n) if wanted else chunk[:, :0]

        outer = in_chunks(correlate, gradient, x.shape[1], wanted)
        inner = _kernels(reduce(torch.add, products), n) if saved else None
        return outer if wanted else None, inner, None, None


def _correlated(outer: torch.Tensor, inner: torch.Tensor, adjoint: bool) -> torch.Tensor:
    """Return the conjugate spectra of the kernels' gradient, ``(frequency, row, column)``."""
    return torch.bmm(inner.mH, outer) if adjoint else torch.bmm(outer.mH, inner)


def _kernels(spectra: torch.Tensor, n: int) -> torch.Tensor:
    return torch.fft.irfft(spectra.conj().permute(1, 2, 0), n=n)
