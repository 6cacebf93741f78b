"""Pointwise convolution, the largest of every two by two pixels, ReLU: some images at a time."""

import math
from typing import Any

import torch
from torch.nn import functional

from prodsumnet.evaluation.convolution import pooled_full, pooled_half
from prodsumnet.numerics.eager import recorded

_masked: Any = torch.ops.aten.threshold_backward


def pooled_product(x: torch.Tensor, matrix: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Return ``relu(max_pool2d(y, 2) + bias)``, where ``matrix`` takes the channels of x to y's.

    So many images at a time that ``y``, which is the largest tensor, never leaves the cache, on
    the way back either. Of equal pixels the largest is the first, as torch's.

    Parameters
    ----------
    x : Tensor
        ``(N, channels, H, W)``.
    matrix : Tensor
        ``(out_channels, channels)``, of the same real type.
    bias : Tensor
        ``(out_channels,)``, of the same type.
    """
    height, width = (size // 2 * 2 for size in x.shape[2:])
    given = x, matrix, bias
    half = x.element_size() == 2
    suits = x.numel() and height and width and recorded(*given)
    if not suits or (half and not all(map(_finite, given))):
        return _plain(*given)
    way = pooled_half if half else pooled_full
    return _PooledProduct.apply(way, x[:, :, :height, :width], matrix, bias)  # pyright: ignore[reportReturnType]


def _finite(x: torch.Tensor) -> bool:
    """Whether all numbers are finite, and not so large that their sum is not."""
    return math.isfinite(x.detach().sum().item())


def _plain(x: torch.Tensor, matrix: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    y = functional.conv2d(x, matrix[:, :, None, None])
    return functional.relu(functional.max_pool2d(y, 2) + bias.view(-1, 1, 1))


class _PooledProduct(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, way: Any, x: torch.Tensor, matrix: torch.Tensor, bias: torch.Tensor
    ) -> torch.Tensor:
        pooled, *places = way.forward(x, matrix, bias)
        ctx.way = way
        ctx.save_for_backward(x, matrix, bias, pooled, *places)
        return pooled

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        x, matrix, bias, pooled, *places = ctx.saved_tensors
        (gradient,), needs_x = gradients, ctx.needs_input_grad[1]
        if torch.is_grad_enabled():  # to be differentiated again
            inputs = (x, matrix, bias) if needs_x else (matrix, bias)
            found = torch.autograd.grad(_plain(x, matrix, bias), inputs, gradient, True, True)
            return (None, *found) if needs_x else (None, None, *found)
        full = torch.promote_types(x.dtype, torch.float32)
        back = torch.empty_like(x, memory_format=torch.channels_last) if needs_x else None
        weights = matrix.new_zeros(matrix.shape[::-1], dtype=full)
        passed = _masked(gradient.contiguous(memory_format=torch.channels_last), pooled, 0)
        ctx.way.backward(x, matrix, *places, passed, back, weights)
        return None, back, weights.mT.to(matrix.dtype), passed.sum((0, 2, 3))
