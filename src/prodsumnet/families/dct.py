"""Matrices between cosine transforms: ``C⁻¹ (M ⊕ D) C``, low frequencies first.

Frequencies are taken in JPEG's zig-zag order. Up to ``min(out, in)`` numbers, the lowest ones have
a factor each, ``C⁻¹ D C``. What is left beyond that goes into a dense matrix ``M`` from the lowest
frequencies of the input to the lowest of the output, in the place of their factors. It is nearly
square: ``p**2`` numbers connect ``p`` frequencies with ``p`` outputs, where a dense map to all
outputs would reach but ``p**2 / out`` frequencies, and a sum of ``C⁻¹ D_k C`` with random signs
would spend as much on the highest frequencies, which hold nearly nothing of an image. If the
smaller side is used up, as in a last layer, it is that dense map: JPEG's coefficients times a
matrix.

Options
-------
form : {"conjugated", "scaled"}
    ``C⁻¹ D C``, or ``D C``, which leaves the output in the frequency domain.
sizes : sequence of one or two int, optional
    Height and width of the input image, and of the output if it has as many features. By default
    those of a near square, if the size is ``a b`` with ``1 < a <= b <= 2 a``, else a line.
"""

from bisect import bisect_right
from collections.abc import Sequence

from prodsumnet.families.family import Family
from prodsumnet.families.fourier import grid
from prodsumnet.numerics import checks
from prodsumnet.operators import (
    DCT,
    BlockDiagonal,
    Dense,
    Diagonal,
    Kronecker,
    LinearOperator,
    Product,
    Selection,
)

FORMS = "conjugated", "scaled"


def least(
    out_features: int,
    in_features: int,
    form: str = "conjugated",
    sizes: Sequence[int] | None = None,
) -> int:
    """Return 1, the factor of the mean."""
    if form not in FORMS:
        raise ValueError(f"form must be one of {', '.join(FORMS)}, got {checks.show(form)}")
    if len(grid(in_features, sizes)) > 2:
        raise ValueError(f"sizes must be one or two integers, got {checks.show(sizes)}")
    return 1


def build(
    out_features: int,
    in_features: int,
    budget: int,
    seed: int,
    form: str = "conjugated",
    sizes: Sequence[int] | None = None,
) -> LinearOperator:
    """Return a diagonal matrix between transforms, with a dense one at the lowest frequencies."""
    axes = grid(in_features, sizes)
    out_axes = axes if out_features == in_features else grid(out_features, None)
    rows, columns, factors = _numbers(out_features, in_features, budget)
    first = max(rows, columns)
    blocks = [Dense(rows, columns)] if rows else []
    blocks += [Diagonal(factors)] if factors else []
    inner = blocks[0] if len(blocks) == 1 else BlockDiagonal(*blocks)
    low = _zigzag(axes)
    into = Selection(in_features, low[:columns] + low[first : first + factors]) @ _transform(axes)
    low = _zigzag(out_axes)
    back = Selection(out_features, low[:rows] + low[first : first + factors]).H
    if form == "conjugated":
        back = _transform(out_axes).H @ back
    return Product.of(back, inner, into)


def _numbers(out_features: int, in_features: int, budget: int) -> tuple[int, int, int]:
    """Return the rows and columns of the dense matrix, and how many factors follow it."""
    small, large = sorted((out_features, in_features))
    if budget <= small:
        return 0, 0, budget

    def count(a: int, b: int) -> int:
        return a * b + max(0, small - b)

    side = bisect_right(range(1, small + 1), budget, key=lambda a: count(a, a))
    # Slightly off a square there may be more within the budget.
    least, longest = (3 * side // 4, small) if side < small else (small, large)
    options = []
    for a in range(max(1, least), side + 1):
        b = a - 1 + bisect_right(range(a, longest + 1), budget, key=lambda b, a=a: count(a, b))
        options.append((count(a, b), a - b, a, b))
    _, _, a, b = max(options)
    rows, columns = (a, b) if out_features <= in_features else (b, a)
    return rows, columns, max(0, small - b)


def _transform(axes: tuple[int, ...]) -> LinearOperator:
    return DCT(axes[0]) if len(axes) == 1 else Kronecker(*map(DCT, axes))


def _zigzag(axes: tuple[int, ...]) -> list[int]:
    """Return the frequencies by antidiagonals, which are gone along to and fro."""
    if len(axes) == 1:
        return list(range(axes[0]))
    height, width = axes
    every = [(i, j) for i in range(height) for j in range(width)]
    every.sort(key=lambda k: (sum(k), k[0] if sum(k) % 2 else k[1]))
    return [i * width + j for i, j in every]


FAMILY = Family(
    name="dct",
    build=build,
    least=least,
    formula="C⁻¹ (M ⊕ D) C or (M ⊕ D) C, M dense at the lowest frequencies",
    source="Wallace 1992; Ahmed, Natarajan & Rao 1974",
    good_for="images: as JPEG, spends its numbers on the lowest frequencies",
    accepts="any shape, a transform on each side; options form, sizes; up to m n numbers; least 1, "
    "the mean alone",
)
