"""Pointwise convolution, the largest of every two by two pixels, ReLU: some images at a time."""

from collections.abc import Iterator
from typing import Any

import torch
from torch.nn import functional

from prodsumnet.numerics.eager import chunk_rows, recorded

_masked: Any = torch.ops.aten.threshold_backward

_FEW_CHANNELS = 16
"""Below so many a product in half precision is slower than one in single precision."""


def pooled_product(x: torch.Tensor, matrix: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Return ``relu(max_pool2d(y, 2) + bias)``, where ``matrix`` takes the channels of x to y's.

    So many images at a time that ``y``, which is the largest tensor, never leaves the cache, on
    the way back either. The largest of four pixels is found by comparing columns, then rows, which
    in half precision is much faster than torch's pooling; of equal ones it is the first, too.

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
    if x.numel() and height and width and recorded(x, matrix, bias):
        return _PooledProduct.apply(x[:, :, :height, :width], matrix, bias)  # pyright: ignore[reportReturnType]
    return _plain(x, matrix, bias)


def _plain(x: torch.Tensor, matrix: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    y = functional.conv2d(x, matrix[:, :, None, None])
    return functional.relu(functional.max_pool2d(y, 2) + bias.view(-1, 1, 1))


class _PooledProduct(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, matrix: torch.Tensor, bias: torch.Tensor
    ) -> torch.Tensor:
        room = _Room(x, matrix)
        pooled = x.new_empty(room.shape)
        # Of two pixels only which one is larger is kept, as the sign of a difference.
        lower = torch.empty_like(pooled, dtype=torch.bfloat16)
        beside = lower.new_empty(2 * len(pooled), room.shape[1])
        biases = bias.to(room.dtype).repeat(room.width)
        for pairs, out, aside, below in room.parts(room.pairs(x), pooled, beside, lower):
            left, right = room.products(pairs.to(room.dtype))
            torch.maximum(left, right, out=right)
            top, bottom = right.unbind(1)
            aside.view(left.shape).copy_(torch.sub(right, left, out=left))
            below.copy_(bottom - top)
            out.copy_(torch.maximum(top, bottom).add_(biases).relu_())
        ctx.save_for_backward(x, matrix, bias, pooled, beside, lower)
        return pooled.view(len(x), -1, room.width, len(matrix)).permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        x, matrix, bias, pooled, *signs = ctx.saved_tensors
        (gradient,), needs_x = gradients, ctx.needs_input_grad[0]
        if torch.is_grad_enabled():  # to be differentiated again
            inputs = (x, matrix, bias) if needs_x else (matrix, bias)
            found = torch.autograd.grad(_plain(x, matrix, bias), inputs, gradient, True, True)
            return found if needs_x else (None, *found)
        room = _Room(x, matrix)
        back = torch.empty_like(x, memory_format=torch.channels_last) if needs_x else x
        gradient = gradient.permute(0, 2, 3, 1).reshape(room.shape)
        full = torch.promote_types(x.dtype, torch.float32)
        weights = matrix.new_zeros(2, *matrix.shape[::-1], dtype=full)
        biases = bias.new_zeros(bias.shape, dtype=full)
        tensors = room.pairs(x), room.pairs(back), gradient, pooled, *signs
        for pairs, slope, above, out, beside, lower in room.parts(*tensors):
            left, right = room.sides(len(out))
            passed = _masked(above, out, 0).to(room.dtype)
            biases += passed.view(-1, len(bias)).sum(0)
            top, bottom = left.unbind(1)
            _masked.grad_input(passed, lower.to(room.dtype), 0, grad_input=bottom)
            torch.sub(passed, bottom, out=top)
            right.copy_(beside.view(right.shape))
            _masked.grad_input(left, right, 0, grad_input=right)
            left -= right
            pairs = pairs.to(room.dtype)
            for side, half in enumerate((left, right)):
                y = half.view(-1, len(bias))
                weights[side] += room.side(pairs, side).mT @ y
                if needs_x:
                    _multiply(y, room.weights.mT, room.side(slope, side))
        total = weights.sum(0).mT.to(matrix.dtype), biases.to(bias.dtype)
        return (back, *total) if needs_x else (None, *total)


class _Room:
    """Room for what becomes of the channels of some images, two neighbouring columns in a pair."""

    def __init__(self, x: torch.Tensor, matrix: torch.Tensor) -> None:
        count, channels, height, width = x.shape
        self.channels, self.width = channels, width // 2
        few = channels < _FEW_CHANNELS and x.element_size() == 2
        self.dtype = torch.float32 if few else x.dtype
        self.weights = matrix.mT.to(self.dtype)
        self.shape = count * height // 2, self.width * len(matrix)
        # A chunk is so many numbers of four bytes.
        numbers = max(1, len(matrix) * height * width * self.dtype.itemsize // 4)
        self.rows = min(count, chunk_rows(x, numbers)) * height // 2
        self._sides = x.new_empty(2, self.rows, 2, self.shape[1], dtype=self.dtype)

    def pairs(self, x: torch.Tensor) -> torch.Tensor:
        """Return images as pairs of pixels, one to a row; a view if channels are innermost."""
        return x.permute(0, 2, 3, 1).reshape(-1, 2 * self.channels)

    def side(self, pairs: torch.Tensor, side: int) -> torch.Tensor:
        """Return the left, 0, or right, 1, pixels of pairs."""
        return pairs[:, side * self.channels : (side + 1) * self.channels]

    def parts(self, *tensors: torch.Tensor) -> Iterator[tuple[torch.Tensor, ...]]:
        """Yield what belongs to some images, of tensors with some rows for each of them."""
        per_row = [len(tensor) // self.shape[0] for tensor in tensors]
        sizes = zip(tensors, per_row, strict=True)
        return zip(*(tensor.split(self.rows * n) for tensor, n in sizes), strict=True)

    def sides(self, rows: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return room for left and right pixels, ``(rows, 2, columns of a pooled row)``."""
        left, right = self._sides[:, :rows]
        return left, right

    def products(self, pairs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the products of left and right pixels, in this room."""
        sides = self.sides(len(pairs) // (2 * self.width))
        for side, out in enumerate(sides):
            torch.mm(self.side(pairs, side), self.weights, out=out.view(-1, self.weights.shape[1]))
        return sides


def _multiply(a: torch.Tensor, b: torch.Tensor, out: torch.Tensor) -> None:
    """Multiply into a tensor that may have another type."""
    if out.dtype is a.dtype:
        torch.mm(a, b, out=out)
    else:
        out.copy_(a @ b)
