"""Convolutions of images of one channel, which torch computes slowly: two columns at a time."""

from collections.abc import Callable, Sequence

import torch
from torch.nn import functional

from prodsumnet.evaluation.convolution.geometry import dilated


def paired_kernels(kernel: torch.Tensor, stride: int, dilation: int) -> torch.Tensor:
    """Return the kernels of two neighbouring outputs along the last axis, for `convolve_pairs`.

    Parameters
    ----------
    kernel : Tensor
        ``(out_channels, 1, ..., taps)``.
    stride, dilation : int
        Along the last axis.

    Returns
    -------
    Tensor
        ``(2 * out_channels, 2 * stride, ..., blocks)``, channels innermost: the last axis of the
        image is in blocks of ``2 * stride``, which are its channels.
    """
    kernel = dilated(kernel, -1, dilation)
    reach = kernel.shape[-1] + stride
    width = -(-reach // (2 * stride)) * 2 * stride
    first = functional.pad(kernel, (0, width - reach + stride))
    second = functional.pad(kernel, (stride, width - reach))
    rows = torch.cat((first, second)).squeeze(1).unflatten(-1, (-1, 2 * stride))
    return rows.movedim(-1, 1)


def convolve_pairs(
    function: Callable[..., torch.Tensor],
    x: torch.Tensor,
    kernel: torch.Tensor,
    bias: torch.Tensor | None,
    taps: int,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
) -> torch.Tensor:
    r"""Return the convolution of images of one channel, channels innermost.

    In :math:`y_{2 p + q} = \sum_t w_t\, x_{s (2 p + q) + d t}` along the last axis, with stride
    s and dilation d, the outputs ``q`` of a pair are two channels, and the ``2 s`` columns of a
    block are channels of the image; both are views. With a single channel torch's processor
    kernels leave most of a vector empty, or take a slow path.

    Parameters
    ----------
    function : callable
        torch's convolution.
    x : Tensor
        ``(N, 1, ...)``.
    kernel : Tensor
        As `paired_kernels` returns it.
    bias : Tensor or None
        ``(out_channels,)``.
    taps : int
        Length of the kernels along the last axis.
    stride, padding, dilation
        As in torch's convolution.
    """
    (*strides, jump), (*paddings, border), (*dilations, gap) = stride, padding, dilation
    width = x.shape[-1] + 2 * border
    outputs = (width - gap * (taps - 1) - 1) // jump + 1
    blocks = (outputs + 1) // 2 - 1 + kernel.shape[-1]
    padded = functional.pad(x, (border, blocks * 2 * jump - width + border))
    columns = padded.squeeze(1).unflatten(-1, (blocks, 2 * jump)).movedim(-1, 1)
    bias = None if bias is None else bias.repeat(2)
    y = function(columns, kernel, bias, (*strides, 1), (*paddings, 0), (*dilations, 1))
    pairs = y.movedim(1, -1).unflatten(-1, (2, -1)).flatten(-3, -2)
    return pairs[..., :outputs, :].movedim(-1, 1)
