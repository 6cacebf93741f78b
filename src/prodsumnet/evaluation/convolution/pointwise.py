"""Pointwise convolutions, as matrix products where channels are not innermost."""

from typing import Any

import torch
from torch.nn import functional

from prodsumnet.numerics.eager import recorded
from prodsumnet.operators.shared_product import summed_products


def serves(x: torch.Tensor) -> bool:
    """Return whether `pointwise` is for such images, and not torch's convolution.

    With gradients torch's is quicker for channels that are innermost already.
    """
    # In half precision torch copies the matrix for every image.
    full = x.element_size() > 2 and not x.is_complex()
    innermost = torch.is_grad_enabled() and _pixels(x).is_contiguous()
    return full and x.device.type == "cpu" and x.numel() > 0 and not innermost


def pointwise(x: torch.Tensor, kernel: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    r"""Return the convolution with kernels of one pixel, channels innermost.

    For every image n and pixel p it is :math:`y_{n, o, p} = \sum_c w_{o, c}\, x_{n, c, p} + b_o`.
    torch's own copies images, and gradients, whose channels are not innermost, which takes as long
    as to multiply them. A matrix product takes them as they are.

    Parameters
    ----------
    x : Tensor
        ``(N, channels, ...)``.
    kernel : Tensor
        ``(out_channels, channels, 1, ...)``, of the same type.
    bias : Tensor or None
        ``(out_channels,)``, of the same type.
    """
    given = (x, kernel) if bias is None else (x, kernel, bias)
    if recorded(*given):
        return _Pointwise.apply(x, kernel, bias)  # pyright: ignore[reportReturnType]
    return _mixed(x, kernel.flatten(1), bias)


class _Pointwise(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, kernel: torch.Tensor, bias: torch.Tensor | None
    ) -> torch.Tensor:
        ctx.save_for_backward(x, kernel)
        return _mixed(x, kernel.flatten(1), bias)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        x, kernel = ctx.saved_tensors
        (gradient,), (images, weights, biases) = gradients, (None, None, None)
        pixels = _pixels(gradient)
        if ctx.needs_input_grad[0]:
            images = _mixed(gradient, kernel.flatten(1).mT, None)
        if ctx.needs_input_grad[1]:
            weights = summed_products(pixels.mT, _pixels(x).mT).view(kernel.shape)
        if ctx.needs_input_grad[2]:
            biases = pixels.sum((0, 1))
        return images, weights, biases


def _mixed(x: torch.Tensor, matrix: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """Multiply the channels of every pixel by a matrix."""
    pixels = _pixels(x)
    if pixels.is_contiguous():
        y = functional.linear(pixels, matrix, bias)
    else:
        many = matrix.mT.expand(len(x), *matrix.mT.shape)
        y = torch.bmm(pixels, many) if bias is None else torch.baddbmm(bias, pixels, many)
    return y.mT.unflatten(2, x.shape[2:])


def _pixels(x: torch.Tensor) -> torch.Tensor:
    """Return images as ``(N, pixels, channels)``, a view in either order of the axes."""
    return x.flatten(2).mT
