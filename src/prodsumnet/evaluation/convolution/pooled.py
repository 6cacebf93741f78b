"""Pointwise convolution, the largest of every two by two pixels, ReLU: some images at a time."""

from typing import Any

import torch
from torch.nn import functional

from prodsumnet.numerics.eager import chunk_rows, recorded

_GEOMETRY: Any = [2, 2], [2, 2], [0, 0], [1, 1], False


def pooled_product(x: torch.Tensor, matrix: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Return ``relu(max_pool2d(y, 2) + bias)``, where ``matrix`` takes the channels of x to y's.

    So many images at a time that ``y``, which is the largest tensor, never leaves the cache, on
    the way back either.

    Parameters
    ----------
    x : Tensor
        ``(N, channels, H, W)``.
    matrix : Tensor
        ``(out_channels, channels)``, of the same real type.
    bias : Tensor
        ``(out_channels,)``, of the same type.
    """
    if x.numel() and recorded(x, matrix, bias):
        return _PooledProduct.apply(x, matrix, bias)  # pyright: ignore[reportReturnType]
    return _plain(x, matrix, bias)


def _plain(x: torch.Tensor, matrix: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    y = functional.conv2d(x, matrix[:, :, None, None])
    return functional.relu(functional.max_pool2d(y, 2) + bias.view(-1, 1, 1))


class _PooledProduct(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, matrix: torch.Tensor, bias: torch.Tensor
    ) -> torch.Tensor:
        size, y = _room(x, matrix)
        count, _, height, width = x.shape
        pooled = _empty(x, count, len(matrix), height // 2, width // 2)
        places = torch.empty_like(pooled, dtype=torch.int64)
        pool = torch.ops.aten.max_pool2d_with_indices.out
        for part, out, place in zip(
            x.split(size), pooled.split(size), places.split(size), strict=True
        ):
            mixed = y[: len(part)]
            torch.mm(_pixels(part), matrix.mT, out=_pixels(mixed))
            pool(mixed, *_GEOMETRY, out=out, indices=place)
            _pixels(out).add_(bias).relu_()
        ctx.save_for_backward(x, matrix, bias, pooled, places)
        return pooled

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        x, matrix, bias, pooled, places = ctx.saved_tensors
        (gradient,), needs_x = gradients, ctx.needs_input_grad[0]
        if torch.is_grad_enabled():  # to be differentiated again
            inputs = (x, matrix, bias) if needs_x else (matrix, bias)
            found = torch.autograd.grad(_plain(x, matrix, bias), inputs, gradient, True, True)
            return found if needs_x else (None, *found)
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        size, y = _room(x, matrix)
        full = torch.promote_types(x.dtype, torch.float32)
        weights = matrix.new_zeros(matrix.shape[::-1], dtype=full)
        biases = bias.new_zeros(bias.shape, dtype=full)
        back = torch.empty_like(x, memory_format=torch.channels_last) if needs_x else x
        pool = torch.ops.aten.max_pool2d_with_indices_backward.grad_input
        parts = (tensor.split(size) for tensor in (x, gradient, pooled, places, back))
        for part, above, out, place, below in zip(*parts, strict=True):
            passed = torch.ops.aten.threshold_backward(above, out, 0)
            biases += _pixels(passed).sum(0)
            slope = y[: len(part)]
            pool(passed, slope, *_GEOMETRY, place, grad_input=slope)
            weights += _pixels(part).mT @ _pixels(slope)
            if needs_x:
                torch.mm(_pixels(slope), matrix, out=_pixels(below))
        total = weights.mT.to(matrix.dtype), biases.to(bias.dtype)
        return (back, *total) if needs_x else (None, *total)


def _room(x: torch.Tensor, matrix: torch.Tensor) -> tuple[int, torch.Tensor]:
    """Return how many images to take at a time, and room for what becomes of their channels."""
    size = min(len(x), chunk_rows(x, len(matrix) * x.shape[2] * x.shape[3]))
    return size, _empty(x, size, len(matrix), *x.shape[2:])


def _empty(x: torch.Tensor, *shape: int) -> torch.Tensor:
    return torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=torch.channels_last)


def _pixels(x: torch.Tensor) -> torch.Tensor:
    """Return images as rows, one for each pixel; a view if channels are innermost."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])
