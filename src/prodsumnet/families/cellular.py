"""Cellular neural networks in their linear regime: a few Euler steps of cells on a grid.

Where no cell saturates, its output is its state, and the network of Chua & Yang is the linear map
``W = Σ_t ((1 - h) I + h A)^t h B``, by Horner's rule ``(I + M (I + M (...))) h B`` with the one
step ``M = (1 - h) I + h A`` used in every place. The control templates B read the input, seen as an
image, at a grid of positions; the feedback templates A, of 3 cells along each axis, couple every
cell with its neighbours. Each channel of cells has a pair of templates.

Options
-------
input_size : int or sequence of 1 to 3 int
    Sizes of the image; by default a rectangle near to a square if the features make one that is
    at most twice as long as wide, else a line.
in_channels : int
    Channels of the image, before its axes; by default what ``input_size`` leaves, else one.
kernel_size, stride : int or sequence of int
    Of the control templates, by default of the budget, as for the family ``convolution``. With
    ``kernel_size=3, stride=1`` there is a cell for every pixel, as in the original.
steps : int
    Number of Euler steps, 2 to 16; 4 by default.
step : float
    Their length h, above 0 and at most 1; a quarter by default.
"""

import math
from collections.abc import Sequence

from prodsumnet.families.convolutional import KINDS
from prodsumnet.families.family import Family
from prodsumnet.families.layouts import Search
from prodsumnet.families.shapes import fitted
from prodsumnet.numerics import checks
from prodsumnet.operators import Dense, Identity, LinearOperator

_MAX_STEPS = 16


def least(
    out_features: int,
    in_features: int,
    input_size: int | Sequence[int] | None = None,
    in_channels: int | None = None,
    kernel_size: int | Sequence[int] | None = None,
    stride: int | Sequence[int] | None = None,
    steps: int = 4,
    step: float = 0.25,
) -> int:
    """Return the numbers of the fewest channels, with control templates of one tap if free."""
    _check(steps, step)
    return _search(out_features, in_features, input_size, in_channels, kernel_size, stride).least()


def build(
    out_features: int,
    in_features: int,
    budget: int,
    seed: int,
    input_size: int | Sequence[int] | None = None,
    in_channels: int | None = None,
    kernel_size: int | Sequence[int] | None = None,
    stride: int | Sequence[int] | None = None,
    steps: int = 4,
    step: float = 0.25,
) -> LinearOperator:
    """Return the linear map of the states after some steps from zero, the first cells kept."""
    _check(steps, step)
    options = input_size, in_channels, kernel_size, stride
    layout = _search(out_features, in_features, *options).best(budget)
    control = layout.operator("zeros")
    size = _neighbourhood(layout.positions)
    channels = layout.all_channels
    feedback = KINDS[len(size)](
        Dense(channels, math.prod(size)), layout.positions, size, padding="same", groups=channels
    )
    identity = Identity(control.out_features)
    move = step * feedback
    if step < 1:
        move = (1 - step) * identity + move
    total: LinearOperator = identity + move
    for _ in range(steps - 2):
        total = identity + move @ total
    return fitted(total @ (step * control), out_features, in_features)


def _check(steps: int, step: float) -> None:
    checks.bounded_int("steps", steps, 2, _MAX_STEPS)
    if isinstance(step, bool) or not isinstance(step, int | float):
        raise TypeError(f"step must be a number, got {checks.show(step)}")
    if not 0 < step <= 1:
        raise ValueError(f"step must be above 0 and at most 1, got {checks.show(step)}")


def _search(
    out_features: int,
    in_features: int,
    input_size: int | Sequence[int] | None,
    in_channels: int | None,
    kernel_size: int | Sequence[int] | None,
    stride: int | Sequence[int] | None,
) -> Search:
    options = input_size, in_channels, kernel_size, stride, 1, 1, "zeros"
    return Search.of(out_features, in_features, *options, beside=_feedback)


def _neighbourhood(positions: tuple[int, ...]) -> tuple[int, ...]:
    """Return the size of the feedback templates, of one cell along an axis with one only."""
    return tuple(min(3, 2 * count - 1) for count in positions)


def _feedback(positions: tuple[int, ...], kept: int) -> int | None:
    """Return the numbers of a feedback template, if the outputs kept have cells on all sides."""
    row = math.prod(positions)
    for count in positions:
        row //= count
        if count > 1:
            whole = kept >= min(2, count) * row
            return math.prod(_neighbourhood(positions)) if whole else None
    return 1


FAMILY = Family(
    name="cellular",
    build=build,
    least=least,
    formula="(I + M (I + M (I + M …))) h B, M = (1 - h) I + h A, templates A and B",
    source="Chua & Yang 1988",
    good_for="images, where what a cell gives depends on its neighbours and on theirs",
    accepts=(
        "any shape, as channels × cells, the last channel truncated; least a number and a feedback "
        "template (3 cells an axis) for each of ⌈m/n⌉ channels, or two numbers an output if fewer"
    ),
)
