"""Products of pixels and their comparison by bits, as `pooled_product` needs them, in two bytes.

torch converts numbers of two bytes to single precision, vector by vector, and pools them slower
still. But numbers that are not negative are in the order of their bits as integers, which a
processor compares and masks two to seven times as fast. So ReLU comes first here, then the larger
of two columns, then that of two rows. What is not a number has no place in such an order: that all
are finite is up to the caller.
"""

import math
from collections.abc import Iterator

import torch

from prodsumnet.numerics.eager import chunk_rows

_BITS, _SIGN = torch.int16, 15

_MORE = 8
"""How many chunks are taken at a time: to call a product in half precision takes 20 µs at least."""


def forward(x: torch.Tensor, matrix: torch.Tensor, bias: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Return the result, channels innermost, and differences of rows and of columns.

    Where a difference is negative the lower, or right, of two pixels is the larger.
    """
    room = _Room(x, matrix)
    pooled = x.new_empty(room.shape)
    rows = torch.empty_like(pooled, dtype=_BITS)
    columns = rows.new_empty(2 * len(rows), room.shape[1])
    for pairs, out, lower, beside in room.parts(room.pairs(x), pooled, rows, columns):
        sides = room.sides(len(out))
        for side, products in enumerate(sides.view(2, -1, len(bias))):
            torch.addmm(bias, room.side(pairs, side), matrix.mT, out=products)
        left, right = sides.view(_BITS).clamp_min_(0)
        torch.sub(left, right, out=beside.view(left.shape))
        top, bottom = torch.maximum(left, right, out=right).unbind(1)
        torch.sub(top, bottom, out=lower)
        torch.maximum(top, bottom, out=out.view(_BITS))
    return pooled.view(len(x), -1, room.width, len(bias)).permute(0, 3, 1, 2), rows, columns


def backward(
    x: torch.Tensor,
    matrix: torch.Tensor,
    rows: torch.Tensor,
    columns: torch.Tensor,
    passed: torch.Tensor,
    back: torch.Tensor | None,
    weights: torch.Tensor,
) -> None:
    """Write the gradient of the images, and add that of the transposed matrix.

    They follow from ``passed``, what ReLU lets pass of the result's gradient, channels innermost.
    """
    room = _Room(x, matrix)
    above = passed.view(_BITS).permute(0, 2, 3, 1).reshape(room.shape)
    images, slopes = room.pairs(x), room.pairs(x if back is None else back)
    for pairs, slope, bits, lower, beside in room.parts(images, slopes, above, rows, columns):
        sides = room.sides(len(lower))
        left, right = sides.view(_BITS)
        # What does not go to one of two pixels goes to the other.
        top, bottom = left.unbind(1)
        torch.bitwise_right_shift(lower, _SIGN, out=bottom).bitwise_and_(bits)
        torch.bitwise_xor(bits, bottom, out=top)
        torch.bitwise_right_shift(beside.view(left.shape), _SIGN, out=right).bitwise_and_(left)
        left ^= right
        for side, y in enumerate(sides.view(2, -1, len(matrix))):
            weights += room.side(pairs, side).mT @ y
            if back is not None:
                torch.mm(y, matrix, out=room.side(slope, side))


class _Room:
    """Room for what becomes of the channels of some images, two neighbouring columns in a pair."""

    def __init__(self, x: torch.Tensor, matrix: torch.Tensor) -> None:
        count, channels, height, width = x.shape
        self.channels, self.width = channels, width // 2
        self.shape = count * height // 2, self.width * len(matrix)
        at_a_time = _MORE * chunk_rows(x, len(matrix) * height * width)
        self._rows = min(count, at_a_time) * height // 2
        self._sides = x.new_empty(2 * self._rows * 2 * self.shape[1])

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
        return zip(*(tensor.split(self._rows * n) for tensor, n in sizes), strict=True)

    def sides(self, rows: int) -> torch.Tensor:
        """Return room for left and right pixels, ``(2, rows, 2, columns of a pooled row)``."""
        shape = 2, rows, 2, self.shape[1]
        return self._sides[: math.prod(shape)].view(shape)
