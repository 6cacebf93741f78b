"""Circular convolution and correlation along the last axis, by FFT."""

from typing import Any

import torch

from prodsumnet.numerics.eager import eager, in_chunks
from prodsumnet.numerics.orthogonal import full_precision


def circular_convolve(
    x: torch.Tensor, c: torch.Tensor, count: int | None = None, mirrored: bool = False
) -> torch.Tensor:
    r"""Circular convolution :math:`y_i = \sum_j c_{(i - j) \bmod L} x_j` along the last axis.

    Parameters
    ----------
    x : Tensor
        ``(..., n)``, real or complex; perhaps empty, or of half precision.
    c : Tensor
        The kernel, of ``L >= n`` numbers; ``x`` is zero from ``n`` on.
    count : int, optional
        How many of the ``L`` outputs are wanted, by default all.
    mirrored : bool
        Return :math:`y_i = \sum_j c_{(i + j) \bmod L} x_j` instead.
    """
    length = len(c)
    count = length if count is None else count
    if x.numel() == 0:
        # FFT libraries refuse empty batches. A product keeps the kernel in the graph.
        return (x[..., :1] * c)[..., :count]
    full, kernel = full_precision(x), full_precision(c)
    if full.is_complex() or kernel.is_complex():
        transform = torch.fft.ifft if mirrored else torch.fft.fft
        norm = "forward" if mirrored else "backward"
        spectrum = transform(full, n=length, norm=norm) * torch.fft.fft(kernel)
        return torch.fft.ifft(spectrum)[..., :count]
    if eager(full, kernel):
        keep = torch.is_grad_enabled() and kernel.requires_grad
        y = _Convolution.apply(full, kernel, count, mirrored, keep)
    else:
        spectrum = torch.fft.rfft(full, n=length)
        spectrum = (spectrum.conj() if mirrored else spectrum) * torch.fft.rfft(kernel)
        y = torch.fft.irfft(spectrum, n=length)[..., :count]
    return y.to(x.dtype)


class _Convolution(torch.autograd.Function):
    """The real one, in chunks, with the transforms of the forward pass used again."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, kernel: torch.Tensor, count: int, mirrored: bool, keep: bool
    ) -> torch.Tensor:
        response = torch.fft.rfft(kernel.detach())
        spectra = []

        def convolve(chunk: torch.Tensor) -> torch.Tensor:
            spectrum = torch.fft.rfft(chunk, n=len(kernel))
            if keep:
                spectra.append(spectrum)
            return _filtered(spectrum, response, mirrored, len(kernel), keep)[:, :count]

        y = in_chunks(convolve, x.detach().reshape(-1, x.shape[-1]), len(kernel), count)
        ctx.save_for_backward(x, kernel, response, *spectra)
        ctx.mirrored = mirrored
        return y.view(*x.shape[:-1], count)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        x, kernel, response, *saved = ctx.saved_tensors
        (gradient,), mirrored = gradients, ctx.mirrored
        if torch.is_grad_enabled() or not eager(gradient):
            return *_differentiable_backward(gradient, x, kernel, mirrored), *(None,) * 3
        response = response if mirrored else response.conj_physical()
        length, spectra, total = len(kernel), iter(saved), torch.zeros_like(response)
        wanted = x.shape[-1] if ctx.needs_input_grad[0] else 0

        def correlate(chunk: torch.Tensor) -> torch.Tensor:
            spectrum = torch.fft.rfft(chunk, n=length)
            back = chunk[:, :0]
            if wanted:
                back = _filtered(spectrum, response, mirrored, length, True)[:, :wanted]
            if saved:
                spectrum = spectrum if mirrored else spectrum.conj_physical_()
                total.add_(spectrum.mul_(next(spectra)).sum(0))
            return back

        rows = gradient.reshape(-1, gradient.shape[-1])
        outer = in_chunks(correlate, rows, length, wanted)
        inner = torch.fft.irfft(total if mirrored else total.conj_physical_(), n=length)
        return outer.view(x.shape) if wanted else None, inner, *(None,) * 3


def _filtered(
    spectrum: torch.Tensor, response: torch.Tensor, mirrored: bool, length: int, keep: bool
) -> torch.Tensor:
    """Return the signal of a spectrum, or of its conjugate, times a response."""
    if mirrored:
        spectrum = spectrum.conj_physical() if keep else spectrum.conj_physical_()
        keep = False
    product = spectrum * response if keep else spectrum.mul_(response)
    return torch.fft.irfft(product, n=length)


def _differentiable_backward(
    gradient: torch.Tensor, x: torch.Tensor, kernel: torch.Tensor, mirrored: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Both gradients out of differentiable functions, for derivatives of higher order."""
    length = len(kernel)
    outer, inner = torch.fft.rfft(gradient, n=length), torch.fft.rfft(x, n=length)
    response = torch.fft.rfft(kernel)
    back = outer.conj() * response if mirrored else outer * response.conj()
    pairs = outer * (inner if mirrored else inner.conj())
    return (
        torch.fft.irfft(back, n=length).narrow(-1, 0, x.shape[-1]),
        torch.fft.irfft(pairs.reshape(-1, pairs.shape[-1]).sum(0), n=length),
    )
