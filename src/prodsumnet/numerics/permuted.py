"""Copies with permuted axes."""

import math
from collections.abc import Sequence
from typing import Any

import torch

from prodsumnet.numerics.eager import eager, recorded

_LINE, _SMALL, _CACHE = 1 << 6, 1 << 16, 1 << 21
"""Bytes of a line of memory, of what is copied in no time, and of a cache."""


def permuted(x: torch.Tensor, places: Sequence[int]) -> torch.Tensor:
    """Return ``x.permute(places).contiguous()``, with a gradient that is copied once.

    torch copies number by number in the order of the result. Where many lines of memory are read
    before the next number of one is asked for, and lengths are powers of two, none of them is in
    the cache any more, which takes seven times as long. Then whole lines are brought into order
    first.

    Parameters
    ----------
    x : Tensor
        Of any number of axes.
    places : sequence of int
        Which axis comes at each place.
    """
    if x.numel() * x.element_size() >= _SMALL and recorded(x):
        return _Permuted.apply(x, places)  # pyright: ignore[reportReturnType]
    return _copied(x, places) if eager(x) else x.permute(tuple(places)).contiguous()


class _Permuted(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, places: Sequence[int]) -> torch.Tensor:
        ctx.places = places
        return _copied(x, places)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor, None]:
        return permuted(grads[0], sorted(range(len(ctx.places)), key=ctx.places.__getitem__)), None


def _copied(x: torch.Tensor, places: Sequence[int]) -> torch.Tensor:
    memory = sorted(range(x.dim()), key=x.stride, reverse=True)
    plain = x.permute(memory)
    small = x.numel() * x.element_size() < _CACHE
    if small or x.device.type != "cpu" or not plain.is_contiguous():
        return x.permute(tuple(places)).contiguous()
    shape = [x.shape[axis] for axis in places]
    lengths, order = _joined(plain.shape, [memory.index(axis) for axis in places])
    line = _trailing(lengths, x.element_size())
    plain = plain.view(lengths)
    if _displaced(plain, order, line):
        first = [axis for axis in order if axis not in line] + line
        plain = plain.permute(first).contiguous()
        lengths, order = _joined(plain.shape, [first.index(axis) for axis in order])
        plain = plain.view(lengths)
    return plain.permute(order).contiguous().view(shape)


def _joined(shape: Sequence[int], places: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return lengths and order of axes, those that stay next to each other as one.

    Of a mere transposition two are left, and with two torch goes by tiles.
    """
    runs: list[list[int]] = []
    for axis in places:
        if runs and runs[-1][-1] == axis - 1:
            runs[-1].append(axis)
        else:
            runs.append([axis])
    found = sorted(runs)
    return [math.prod([shape[axis] for axis in run]) for run in found], list(map(found.index, runs))


def _trailing(lengths: Sequence[int], size: int) -> list[int]:
    """Return the last axes, which together fill a line of memory."""
    start, length = len(lengths), size
    while start > 0 and length < _LINE:
        start -= 1
        length *= lengths[start]
    return [*range(start, len(lengths))]


def _displaced(x: torch.Tensor, order: Sequence[int], line: Sequence[int]) -> bool:
    """Whether lines displace each other in the cache before their next number is asked for.

    Of lines whose addresses differ by multiples of a power of two, it has place for its size over
    this.
    """
    behind = order[max(map(order.index, line), default=0) + 1 :]
    strides = {axis: x.stride(axis) * x.element_size() for axis in behind}
    powers = {axis: stride & -stride for axis, stride in strides.items()}
    return any(
        power * math.prod([x.shape[a] for a in behind if powers[a] >= power]) >= _CACHE
        for power in powers.values()
    )
