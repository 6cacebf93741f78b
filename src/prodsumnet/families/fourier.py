"""Filters in the frequency domain (FCNN): ``F⁻¹ D_0 F + Σ_k S_k F⁻¹ D_k F``, on a line or image.

The input is an image, by default as near to a square as its size allows. A filter has one real
number for each frequency, and gives one output for each input: for more outputs there are several
filters side by side (channels), and where there are fewer outputs than filters give, evenly spaced
ones are kept. Below one number for each frequency the lowest frequencies are trained, the others
are zero. Above, filters are added whose outputs have random signs ``S_k``, so that every output has
a kernel of its own, a signed sum of theirs; the last of them is low-pass again.

Options
-------
sizes : sequence of int, optional
    Lengths of the axes of the input. By default those of a near square, if the size is ``a b`` with
    ``1 < a <= b <= 2 a``, else a line.
"""

import math
from collections.abc import Callable, Sequence

from prodsumnet.families.family import Family
from prodsumnet.families.shapes import near_square
from prodsumnet.numerics import checks
from prodsumnet.operators import (
    Identity,
    Kronecker,
    LinearOperator,
    Ones,
    Product,
    Selection,
    Sum,
)
from prodsumnet.operators.fourier_filter import FourierFilter
from prodsumnet.operators.sign_diagonal import SignDiagonal


def least(out_features: int, in_features: int, sizes: Sequence[int] | None = None) -> int:
    """Return one number, the mean, for each channel."""
    grid(in_features, sizes)
    return -(-out_features // in_features)


def build(
    out_features: int,
    in_features: int,
    budget: int,
    seed: int,
    sizes: Sequence[int] | None = None,
) -> LinearOperator:
    """Return a filter, a low-pass one, or a sum with random signs."""
    axes = grid(in_features, sizes)

    def bank(filters: int, frequencies: int) -> LinearOperator:
        return FourierFilter(axes, frequencies, filters)

    return summed(bank, out_features, in_features, budget, seed)


def grid(features: int, sizes: Sequence[int] | None) -> tuple[int, ...]:
    """Return the axes of an image of so many features.

    Raises
    ------
    TypeError
        If ``sizes`` is given and not a sequence of integers.
    ValueError
        If its product is not ``features``.
    """
    if sizes is None:
        a, b = near_square(features)
        return (a, b) if a > 1 and b <= 2 * a else (features,)
    axes = checks.int_sequence("sizes", sizes)
    if math.prod(axes) != features or not axes:
        raise ValueError(f"sizes must multiply to {features}, got {checks.show(axes)}")
    return axes


def summed(
    bank: Callable[[int, int], LinearOperator],
    out_features: int,
    in_features: int,
    numbers: int,
    seed: int,
) -> LinearOperator:
    """Return filters that all see the input, the first as they are, others with random signs.

    Parameters
    ----------
    bank : callable
        ``bank(filters, frequencies)`` gives several filters on top of each other, each with so many
        numbers and ``in_features`` outputs.
    out_features, in_features : int
        Shape.
    numbers : int
        How many numbers the filters may have in all, real or complex.
    seed : int
        Of the signs.
    """
    channels = -(-out_features // in_features)
    outputs = channels * in_features
    each = min(numbers, out_features * in_features) // channels
    full, rest = divmod(each, in_features)
    terms = []
    if full > 0:
        terms.append(bank(channels, in_features))
    if full > 1:
        total = Kronecker(Ones(1, full - 1), Identity(outputs))
        signs = SignDiagonal((full - 1) * outputs, seed)
        terms.append(Product(total, signs, bank((full - 1) * channels, in_features)))
    if rest:
        lowest = bank(channels, rest)
        # Other signs than in the sum.
        signs = SignDiagonal(outputs, (seed + 1) % 2**63)
        terms.append(signs @ lowest if full else lowest)
    total = Sum.of(*terms)
    if outputs == out_features:
        return total
    return Selection(outputs, [i * outputs // out_features for i in range(out_features)]) @ total


FAMILY = Family(
    name="fourier",
    build=build,
    least=least,
    formula="F⁻¹ D₀ F + Σₖ Sₖ F⁻¹ Dₖ F, Sₖ random signs",
    source="Coenen et al. 2017; Mathieu, Henaff & LeCun 2013",
    good_for="images, of which the low frequencies matter most",
    accepts="any shape: several filters of n = in numbers for more outputs than inputs, evenly "
    "spaced outputs for fewer; option sizes; least ⌈m / n⌉, the mean alone",
)
