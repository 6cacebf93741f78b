"""Dilated convolutions: kernels whose taps lie apart, for wide windows of few numbers.

Options
-------
input_size : int or sequence of 1 to 3 int
    Sizes of the image; by default a rectangle near to a square if the features make one that is
    at most twice as long as wide, else a line.
in_channels : int
    Channels of the image, before its axes; by default what ``input_size`` leaves, else one.
kernel_size, stride : int or sequence of int
    By default of the budget: as many channels as there can be with windows that overlap by a third.
dilation : int or sequence of int
    Distance of the taps, 2 by default. No kernel exceeds the image, so that on short axes kernels
    have one tap.
groups : int
    As in torch's layers; ``groups=in_channels`` is a depthwise convolution.
padding_mode : {'zeros', 'circular', 'reflect', 'replicate'}
    As in torch's layers. Borders are such that there are as many positions along an axis as the
    stride divides it into: 'same' padding at stride one.
"""

from collections.abc import Sequence

from prodsumnet.families.family import Family
from prodsumnet.families.layouts import Search
from prodsumnet.families.shapes import fitted
from prodsumnet.operators import LinearOperator


def least(
    out_features: int,
    in_features: int,
    input_size: int | Sequence[int] | None = None,
    in_channels: int | None = None,
    kernel_size: int | Sequence[int] | None = None,
    stride: int | Sequence[int] | None = None,
    dilation: int | Sequence[int] = 2,
    groups: int = 1,
    padding_mode: str = "zeros",
) -> int:
    """Return the numbers of kernels of a single tap, or of the size asked for."""
    options = input_size, in_channels, kernel_size, stride, dilation, groups, padding_mode
    return Search.of(out_features, in_features, *options).least()


def build(
    out_features: int,
    in_features: int,
    budget: int,
    seed: int,
    input_size: int | Sequence[int] | None = None,
    in_channels: int | None = None,
    kernel_size: int | Sequence[int] | None = None,
    stride: int | Sequence[int] | None = None,
    dilation: int | Sequence[int] = 2,
    groups: int = 1,
    padding_mode: str = "zeros",
) -> LinearOperator:
    """Return one dilated convolution, of which the first outputs are kept."""
    options = input_size, in_channels, kernel_size, stride, dilation, groups, padding_mode
    layout = Search.of(out_features, in_features, *options).best(budget)
    return fitted(layout.operator(padding_mode), out_features, in_features)


FAMILY = Family(
    name="dilated-convolution",
    build=build,
    least=least,
    formula="Σₖ θₖ Sₖ, Sₖ shifts of an image by multiples of the dilation, strided",
    source="Yu & Koltun 2016",
    good_for="images, sounds and volumes with context from far at few numbers",
    accepts=(
        "any shape, as channels × positions, the last channel truncated; least ⌈m/n⌉ by default "
        "(kernels of one tap)"
    ),
)
