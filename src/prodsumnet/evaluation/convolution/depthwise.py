"""Depthwise convolutions, whose kernels have a quicker gradient than torch's."""

from typing import Any, cast

import torch
from torch.nn import functional

from prodsumnet.numerics.eager import chunk_rows, recorded

_MOST_POSITIONS = 32 * 32
"""Up to so many positions an image is quick as a kernel."""


class _Depthwise(torch.autograd.Function):
    r"""Two-dimensional; the gradient of the kernels is a depthwise convolution, too.

    In :math:`\partial w_{c, t} = \sum_{n, p} \bar y_{n, c, p}\, x_{n, c, p + t}` every image of
    every channel is a channel, and what arrives for it is its kernel. torch's own gradient takes
    three times as long in single precision on a CPU, and ten times in half precision.
    """

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, kernel: torch.Tensor, geometry: tuple[Any, ...]
    ) -> torch.Tensor:
        ctx.geometry = geometry
        ctx.save_for_backward(x, kernel)
        stride, padding, dilation = geometry
        return functional.conv2d(x, kernel, None, stride, padding, dilation, x.shape[1])

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        x, kernel = ctx.saved_tensors
        grad, images, weights = gradients[0], None, None
        if ctx.needs_input_grad[0]:
            images = _images(grad, x, kernel, ctx.geometry)
        if ctx.needs_input_grad[1]:
            # A chunk is so many numbers of four bytes.
            size = chunk_rows(x, max(1, x[0].numel() * x.element_size() // 4))
            parts = zip(x.split(size), grad.split(size), strict=True)
            taps = sum(_taps(part, above, kernel, ctx.geometry) for part, above in parts)
            weights = cast(torch.Tensor, taps).mT.reshape(kernel.shape).to(kernel.dtype)
        return images, weights, None


def _images(
    grad: torch.Tensor, x: torch.Tensor, kernel: torch.Tensor, geometry: tuple[Any, ...]
) -> torch.Tensor:
    """Return the gradient of the images: where no pixel is skipped, a convolution forwards."""
    stride, padding, dilation = geometry
    grad = grad.contiguous(memory_format=torch.channels_last)
    spans = zip(kernel.shape[2:], padding, dilation, strict=True)
    around = tuple(step * (size - 1) - border for size, border, step in spans)
    if set(stride) == {1} and min(around) >= 0:
        flipped = kernel.flip(2, 3)
        return functional.conv2d(grad, flipped, None, 1, around, dilation, len(kernel))
    options = list(stride), list(padding), list(dilation), False, [0, 0], len(kernel)
    backward = torch.ops.aten.convolution_backward
    return backward(grad, x, kernel, None, *options, [True, False, False])[0]


def _taps(
    x: torch.Tensor, grad: torch.Tensor, kernel: torch.Tensor, geometry: tuple[Any, ...]
) -> torch.Tensor:
    """Return the gradient of the kernels, ``(taps, channels)``, not in half precision."""
    stride, padding, dilation = geometry
    (batch, channels), (height, width) = x.shape[:2], kernel.shape[2:]
    many = batch * channels
    innermost = x.permute(2, 3, 0, 1).reshape(1, *x.shape[2:], many).permute(0, 3, 1, 2)
    kernels = grad.contiguous().reshape(many, 1, *grad.shape[2:])
    found = functional.conv2d(innermost, kernels, None, dilation, padding, stride, many)
    found = found[..., :height, :width].permute(0, 2, 3, 1).reshape(-1, batch, channels)
    return found.sum(1, dtype=torch.promote_types(found.dtype, torch.float32))


def serves(x: torch.Tensor, kernel: torch.Tensor) -> bool:
    """Return whether `depthwise` is for such images and kernels.

    Parameters
    ----------
    x : Tensor
        Images.
    kernel : Tensor
        Kernels, of one group for each channel of the images.
    """
    if x.dim() != 4 or x.device.type != "cpu" or x.is_complex() or x.numel() == 0:
        return False
    single = kernel.shape[0] == x.shape[1] and kernel.shape[1] == 1
    return single and x.shape[2] * x.shape[3] <= _MOST_POSITIONS


def depthwise(
    x: torch.Tensor,
    kernel: torch.Tensor,
    bias: torch.Tensor | None,
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
) -> torch.Tensor:
    """Return the two-dimensional convolution of each channel with its own kernel.

    Parameters
    ----------
    x : Tensor
        ``(N, channels, H, W)``.
    kernel : Tensor
        ``(channels, 1, *kernel_size)``, in the precision of the images.
    bias : Tensor or None
        ``(channels,)``.
    stride, padding, dilation
        As in `torch.nn.functional.conv2d`.
    """
    geometry = stride, padding, dilation
    if not recorded(x, kernel):
        return functional.conv2d(x, kernel, bias, *geometry, x.shape[1])
    y = _Depthwise.apply(x, kernel, geometry)
    return y if bias is None else y + bias.view(-1, 1, 1)
