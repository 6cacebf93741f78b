"""Products of pixels and torch's pooling, as `pooled_product` needs them, in full precision."""

from typing import Any

import torch

from prodsumnet.numerics.eager import chunk_rows

_GEOMETRY: Any = [2, 2], [2, 2], [0, 0], [1, 1], False
_pool: Any = torch.ops.aten.max_pool2d_with_indices.out
_unpool: Any = torch.ops.aten.max_pool2d_with_indices_backward.grad_input


def forward(
    x: torch.Tensor, matrix: torch.Tensor, bias: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the result, channels innermost, and the places of the largest pixels."""
    size, y = _room(x, matrix)
    count, _, height, width = x.shape
    pooled = _empty(x, count, len(matrix), height // 2, width // 2)
    places = torch.empty_like(pooled, dtype=torch.int64)
    parts = (tensor.split(size) for tensor in (x, pooled, places))
    for part, out, place in zip(*parts, strict=True):
        mixed = y[: len(part)]
        torch.mm(_pixels(part), matrix.mT, out=_pixels(mixed))
        _pool(mixed, *_GEOMETRY, out=out, indices=place)
        _pixels(out).add_(bias).relu_()
    return pooled, places


def backward(
    x: torch.Tensor,
    matrix: torch.Tensor,
    places: torch.Tensor,
    passed: torch.Tensor,
    back: torch.Tensor | None,
    weights: torch.Tensor,
) -> None:
    """Write the gradient of the images, and add that of the transposed matrix.

    They follow from ``passed``, what ReLU lets pass of the result's gradient, channels innermost.
    """
    size, y = _room(x, matrix)
    parts = (t.split(size) for t in (x, passed, places, x if back is None else back))
    for part, above, place, below in zip(*parts, strict=True):
        slope = y[: len(part)]
        _unpool(above, slope, *_GEOMETRY, place, grad_input=slope)
        weights += _pixels(part).mT @ _pixels(slope)
        if back is not None:
            torch.mm(_pixels(slope), matrix, out=_pixels(below))


def _room(x: torch.Tensor, matrix: torch.Tensor) -> tuple[int, torch.Tensor]:
    """Return how many images to take at a time, and room for what becomes of their channels."""
    size = min(len(x), chunk_rows(x, len(matrix) * x.shape[2] * x.shape[3]))
    return size, _empty(x, size, len(matrix), *x.shape[2:])


def _empty(x: torch.Tensor, *shape: int) -> torch.Tensor:
    return torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=torch.channels_last)


def _pixels(x: torch.Tensor) -> torch.Tensor:
    """Return images as rows, one for each pixel; a view if channels are innermost."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])
