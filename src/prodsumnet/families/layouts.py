"""How families of convolutions meet a shape and a budget.

Few channels at many positions and many channels at few give the same number of outputs, so that the
stride is a dial beside the size of the kernels.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from prodsumnet.families.convolutional import Layout, image
from prodsumnet.numerics import borders, checks

_NEARLY, _OVERLAP, _ROUNDING = 0.9, 1.5, 1e-9


def _alone(positions: tuple[int, ...], kept: int) -> int:
    """Return no numbers of a channel beside its kernel."""
    return 0


@dataclass(frozen=True)
class Search:
    """All layouts that give the outputs wanted and have no number that none of them sees.

    Parameters
    ----------
    out_features : int
        Outputs wanted.
    in_channels : int
        Channels of the image.
    sizes : tuple of int
        Sizes of the image.
    kernel_size, stride : tuple of int or None
        As asked for; None if they are free.
    dilation : tuple of int
        Distance of the taps.
    groups : int
        As in torch's layers.
    padding_mode : str
        As in torch's layers.
    beside : callable
        ``beside(positions, kept)``: numbers of a channel beside its kernel, at a grid of positions,
        where only the first ``kept`` outputs of the last channel remain; None if these would not
        see all of the numbers.
    """

    out_features: int
    in_channels: int
    sizes: tuple[int, ...]
    kernel_size: tuple[int, ...] | None
    stride: tuple[int, ...] | None
    dilation: tuple[int, ...]
    groups: int
    padding_mode: str
    beside: Callable[[tuple[int, ...], int], int | None] = _alone

    @staticmethod
    def of(
        out_features: int,
        in_features: int,
        input_size: int | Sequence[int] | None,
        in_channels: int | None,
        kernel_size: int | Sequence[int] | None,
        stride: int | Sequence[int] | None,
        dilation: int | Sequence[int],
        groups: int,
        padding_mode: str,
        beside: Callable[[tuple[int, ...], int], int | None] = _alone,
    ) -> "Search":
        """Check the options of a family.

        Raises
        ------
        TypeError, ValueError
            If one is not valid, or they do not fit the shape.
        """
        channels, sizes = image(in_features, input_size, in_channels)

        def along(name: str, value: object) -> tuple[int, ...] | None:
            return None if value is None else checks.size_tuple(name, value, len(sizes))

        lengths, steps = along("kernel_size", kernel_size), along("dilation", dilation)
        groups = checks.positive_int("groups", groups)
        if channels % groups:
            raise ValueError(
                f"groups must divide the {channels} channels of the input, got {groups}"
            )
        if padding_mode not in borders.MODES:
            raise ValueError(
                f"padding_mode must be one of {borders.MODES}, got {checks.show(padding_mode)}"
            )
        search = Search(
            out_features,
            channels,
            sizes,
            lengths,
            along("stride", stride),
            steps or (1,) * len(sizes),
            groups,
            padding_mode,
            beside,
        )
        if lengths and any(k > n for k, n in zip(lengths, search._inside(), strict=True)):
            raise ValueError(
                f"kernel_size {lengths} with dilation {search.dilation} exceeds the image of "
                f"{'×'.join(map(str, sizes))}"
            )
        if next(search._layouts(None), None) is None:
            raise ValueError(
                f"no convolution of {channels}×{'×'.join(map(str, sizes))} features has "
                f"{out_features} outputs that see every number of kernel_size {lengths}, stride "
                f"{search.stride}, {groups} groups"
            )
        return search

    def least(self) -> int:
        """Return the fewest numbers, with kernels of a single tap if their size is free."""
        return min(self._total(layout) for layout in self._layouts(None))

    def best(self, budget: int) -> Layout:
        """Return a layout within a budget of at least `least`.

        Of those that spend nearly as much as can be spent, gaps between windows held against them,
        it is one whose windows overlap well, with the most channels, which also is the cheapest to
        compute.
        """
        scored = [
            (layout.numbers * math.sqrt(self._reach(layout, 1)), layout)
            for layout in self._layouts(budget)
        ]
        enough = _NEARLY * max(score for score, _ in scored)
        good = [layout for score, layout in scored if score >= enough]
        return max(good, key=lambda best: (self._reach(best, _OVERLAP), best.all_channels))

    def _total(self, layout: Layout) -> int:
        kept = self._kept(layout.all_channels, layout.positions)
        return layout.numbers + layout.all_channels * (self.beside(layout.positions, kept) or 0)

    def _kept(self, channels: int, positions: tuple[int, ...]) -> int:
        return self.out_features - (channels - 1) * math.prod(positions)

    def _layouts(self, budget: int | None) -> Iterator[Layout]:
        for stride in [self.stride] if self.stride else self._strides():
            layout = self._layout(stride, budget)
            if layout is not None and (budget is None or self._total(layout) <= budget):
                yield layout

    def _layout(self, stride: tuple[int, ...], budget: int | None) -> Layout | None:
        """Return the layout of a stride with the largest kernels; of one tap without a budget."""
        lengths = self.kernel_size or (1,) * len(self.sizes)
        draft = Layout(self.in_channels, 1, self.sizes, lengths, stride, self.dilation, self.groups)
        positions = draft.positions
        channels = -(-self.out_features // math.prod(positions))
        kept = self._kept(channels, positions)
        beside = self.beside(positions, kept)
        if channels % self.groups or beside is None:
            return None
        longest = self._longest(draft, kept)
        if self.kernel_size:
            if any(k > most for k, most in zip(lengths, longest, strict=True)):
                return None
        elif budget is not None:
            depth = self.in_channels // self.groups
            room = max(channels, (budget - channels * beside) // depth)
            lengths = self._largest(longest, room // channels, stride)
            draft = replace(draft, channels=channels, kernel_size=lengths)
            return self._with_wider(draft, room - channels * math.prod(lengths), stride)
        return replace(draft, channels=channels, kernel_size=lengths)

    def _inside(self) -> list[int]:
        """Return the largest kernels that do not exceed the image."""
        return [(n - 1) // step + 1 for n, step in zip(self.sizes, self.dilation, strict=True)]

    def _longest(self, draft: Layout, kept: int) -> list[int]:
        """Return the largest kernels of which the last channel's remaining outputs see every tap.

        Taps before the centre lie in the border at the first positions, so that either enough
        positions remain, or the first window must not reach over the border at all.
        """
        longest, positions = self._inside(), draft.positions
        if kept == math.prod(positions) or self.padding_mode != "zeros":
            return longest
        for axis, (size, count) in enumerate(zip(self.sizes, positions, strict=True)):
            complete = kept // math.prod(positions[axis + 1 :])
            jump = draft.stride[axis]
            span = size - (count - 1) * jump + 2 * max(0, complete - 1) * jump
            longest[axis] = min(longest[axis], (span - 1) // self.dilation[axis] + 1)
            if complete:
                break
        return longest

    def _largest(self, longest: list[int], room: int, stride: tuple[int, ...]) -> tuple[int, ...]:
        """Return kernels of nearly equal sides and at most ``room`` taps."""
        lengths = [1] * len(longest)
        axes = sorted(range(len(longest)), key=longest.__getitem__)
        for left, axis in zip(range(len(axes), 0, -1), axes, strict=True):
            length = min(longest[axis], int(room ** (1 / left) + _ROUNDING))
            if self._odd(axis, stride):
                length -= (length - 1) % 2
            lengths[axis] = length
            room //= length
        return tuple(lengths)

    def _with_wider(self, layout: Layout, taps: int, stride: tuple[int, ...]) -> Layout:
        """Spend taps that are left, if they are many, on wider kernels of some channels."""
        used = layout.channels * math.prod(layout.kernel_size)
        if self.groups > 1 or taps < (1 - _NEARLY) * used:
            return layout
        lengths, inside = layout.kernel_size, self._inside()
        for axis in sorted(range(len(lengths)), key=lengths.__getitem__):
            longer = list(lengths)
            longer[axis] += 2 if self._odd(axis, stride) else 1
            more = math.prod(longer) - math.prod(lengths)
            count = min(taps // more, layout.channels - 1)
            if count and longer[axis] <= inside[axis]:
                wider = replace(layout, channels=count, kernel_size=tuple(longer))
                return replace(layout, channels=layout.channels - count, wider=wider)
        return layout

    def _odd(self, axis: int, stride: tuple[int, ...]) -> bool:
        """Whether kernels must be odd along an axis.

        Where there is a position for every pixel of one axis but not of all, borders are equal on
        both sides, and an even kernel would have one position more.
        """
        uneven = any(jump != 1 for jump in stride)
        return uneven and stride[axis] == 1 and self.dilation[axis] % 2 == 1

    def _reach(self, layout: Layout, strides: float) -> float:
        """Return the share of an image that windows cover, each as wide as so many strides.

        Dilated windows have gaps, which as many windows fill as the dilation is.
        """
        share = 1.0
        axes = zip(layout.spans, layout.stride, self.dilation, self.sizes, strict=True)
        for span, jump, gap, size in axes:
            share *= min(1.0, span / min(max(strides, gap) * jump, size))
        return share

    def _strides(self) -> Iterator[tuple[int, ...]]:
        """Give all strides with different grids: equal along all axes, or one step apart."""
        levels = [_steps(n, d) for n, d in zip(self.sizes, self.dilation, strict=True)]
        equal: list[tuple[int, ...]] = []
        for step in sorted({step for level in levels for step in level}):
            stride = tuple(level[bisect_right(level, step) - 1] for level in levels)
            if not equal or stride != equal[-1]:
                equal.append(stride)
        yield equal[0]
        for finer, coarser in pairwise(equal):
            yield from dict.fromkeys(
                (*coarser[:axis], *finer[axis:]) for axis in range(1, len(finer) + 1)
            )


def _steps(size: int, dilation: int) -> list[int]:
    """Return the smallest stride for each number of positions along an axis, ascending.

    Windows at a stride that has a factor in common with the dilation miss pixels between them, so
    that the next larger stride with as many positions is taken, if there is one.
    """
    root = math.isqrt(size)
    counts = {*range(1, root + 1), *(-(-size // step) for step in range(1, root + 1))}
    found = []
    for count in counts:
        first = -(-size // count)
        for step in range(first, min(first + dilation, size + 1)):
            if -(-size // step) == count and (count == 1 or math.gcd(step, dilation) == 1):
                found.append(step)
                break
    return sorted(found)
