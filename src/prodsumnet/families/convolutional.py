"""What families of convolutions share: how features become an image, and kernels a grid of outputs.

The input is seen as an image, and every output channel is one kernel at a grid of positions, about
the centre of the image.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from prodsumnet.families.shapes import near_square
from prodsumnet.numerics import checks
from prodsumnet.operators import Dense, LinearOperator, VStack
from prodsumnet.operators.convolution import (
    Convolution,
    Convolution1d,
    Convolution2d,
    Convolution3d,
)

KINDS: dict[int, type[Convolution]] = {1: Convolution1d, 2: Convolution2d, 3: Convolution3d}

_SHORTEST, _LONGEST_RATIO = 3, 2


def image(
    in_features: int, input_size: int | Sequence[int] | None, in_channels: int | None
) -> tuple[int, tuple[int, ...]]:
    """Return the channels and the sizes of the image that features are seen as.

    By default it has one channel, and is as near to a square as can be; or a line, if that would
    be shorter than three or more than twice as long as wide.

    Raises
    ------
    TypeError, ValueError
        If an option is not valid, or they do not multiply to ``in_features``.
    """
    channels = 0 if in_channels is None else checks.positive_int("in_channels", in_channels)
    if input_size is None:
        positions = in_features // (channels or 1) or 1
        low, high = near_square(positions)
        square = low >= _SHORTEST and high <= _LONGEST_RATIO * low
        sizes = (low, high) if square else (positions,)
    else:
        axes = len(input_size) if isinstance(input_size, Sequence) else 1
        if axes not in KINDS:
            raise ValueError(f"input_size must have 1, 2 or 3 axes, got {checks.show(input_size)}")
        sizes = checks.size_tuple("input_size", input_size, axes)
        positions = math.prod(sizes)
    channels = channels or in_features // positions or 1
    if channels * positions != in_features:
        raise ValueError(
            "in_channels and input_size must multiply to in_features, got "
            f"{channels}×{'×'.join(map(str, sizes))} for {in_features}"
        )
    return channels, sizes


@dataclass(frozen=True)
class Layout:
    """A convolution whose first ``out_features`` outputs are those that are wanted.

    Parameters
    ----------
    in_channels, channels : int
        Channels of the image, and kernels.
    sizes : tuple of int
        Sizes of the image.
    kernel_size, stride, dilation : tuple of int
        Along each axis.
    groups : int
        As in torch's layers.
    wider : Layout or None
        More channels at the same positions, before these: with larger kernels, which spend numbers
        that are too few for all channels.
    """

    in_channels: int
    channels: int
    sizes: tuple[int, ...]
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int
    wider: "Layout | None" = None

    @property
    def all_channels(self) -> int:
        """Number of kernels, the wider ones included."""
        return self.channels + (self.wider.channels if self.wider else 0)

    @property
    def numbers(self) -> int:
        """Entries of the kernel matrices."""
        own = self.channels * (self.in_channels // self.groups) * math.prod(self.kernel_size)
        return own + (self.wider.numbers if self.wider else 0)

    @property
    def spans(self) -> tuple[int, ...]:
        """How far the kernels reach along each axis."""
        pairs = zip(self.kernel_size, self.dilation, strict=True)
        return tuple(step * (length - 1) + 1 for length, step in pairs)

    @property
    def padding(self) -> tuple[int, ...]:
        """Borders that leave as many positions as the stride divides the image into.

        What the windows cover beyond the image is shared out on both sides.
        """
        over = (
            (-(-size // jump) - 1) * jump + span - size
            for size, jump, span in zip(self.sizes, self.stride, self.spans, strict=True)
        )
        return tuple(max(0, -(-beyond // 2)) for beyond in over)

    @property
    def positions(self) -> tuple[int, ...]:
        """How many windows there are along each axis."""
        if self._dense:
            return self.sizes
        axes = zip(self.sizes, self.padding, self.spans, self.stride, strict=True)
        return tuple((size + 2 * border - span) // jump + 1 for size, border, span, jump in axes)

    @property
    def _dense(self) -> bool:
        """Whether there is a window about every pixel, also where the kernel size is even."""
        return all(jump == 1 for jump in self.stride)

    def operator(self, padding_mode: str) -> LinearOperator:
        """Return the convolution, untruncated, with dense kernel matrices."""
        own = KINDS[len(self.sizes)](
            Dense(self.channels, self.in_channels // self.groups * math.prod(self.kernel_size)),
            self.sizes,
            self.kernel_size,
            self.stride,
            "same" if self._dense else self.padding,
            self.dilation,
            self.groups,
            padding_mode,
        )
        return VStack(self.wider.operator(padding_mode), own) if self.wider else own
