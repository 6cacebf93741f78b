"""Depthwise convolutions, whose kernels have a quicker gradient than torch's."""

from typing import Any

import torch
from torch.nn import functional

from prodsumnet.numerics.eager import recorded

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
        stride, padding, dilation = ctx.geometry
        batch, channels = x.shape[:2]
        grad, images, weights = gradients[0], None, None
        if ctx.needs_input_grad[0]:
            geometry = list(stride), list(padding), list(dilation), False, [0, 0], channels
            images = torch.ops.aten.convolution_backward(
                grad.contiguous(memory_format=torch.channels_last),
                x,
                kernel,
                None,
                *geometry,
                [True, False, False],
            )[0]
        if ctx.needs_input_grad[1]:
            many = batch * channels
            innermost = x.permute(2, 3, 0, 1).reshape(1, *x.shape[2:], many).permute(0, 3, 1, 2)
            kernels = grad.contiguous().reshape(many, 1, *grad.shape[2:])
            geometry = padding, stride, many
            found = functional.conv2d(innermost, kernels, None, dilation, *geometry)
            height, width = kernel.shape[2:]
            found = found[..., :height, :width].permute(0, 2, 3, 1).reshape(-1, batch, channels)
            total = found.sum(1, dtype=torch.promote_types(found.dtype, torch.float32))
            weights = total.mT.reshape(kernel.shape).to(kernel.dtype)
        return images, weights, None


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
