"""Deformable butterflies: chains of block-diagonal matrices of any, also rectangular, block shape.

The first factor leads from the inputs to an inner size that is a product of radices, the last one
from there to the outputs; those between have square blocks. Each factor mixes another digit of the
index, so that every output depends on every input. Blocks of the first and the last factor differ
by one where the sizes require it, so nothing is padded.
"""

from collections.abc import Iterator

from prodsumnet.families.dials import Choice, best
from prodsumnet.families.family import Family
from prodsumnet.families.ragged import ragged
from prodsumnet.operators import AxisPermutation, BlockDense, LinearOperator, Product

_MOST_FACTORS = 14
_RADICES = (2, 3, 4, 5, 6, 8, 12, 16)


def least(out_features: int, in_features: int) -> int:
    """Return the numbers of inner size one, or of a dense matrix if that has fewer."""
    return min(out_features + in_features, out_features * in_features)


def build(out_features: int, in_features: int, budget: int, seed: int) -> LinearOperator:
    """Return the chain with nearly the most numbers and the highest rank."""
    radices = best(_choices(out_features, in_features, budget))
    if not radices:
        return ragged(1, out_features, in_features)
    last, *middle, first = radices
    size = last * first
    for radix in middle:
        size *= radix
    shuffles = [AxisPermutation((size // radix, radix), (1, 0)) for radix in radices]
    factors: list[LinearOperator] = [ragged(size // last, out_features, size)]
    for radix, shuffle in zip(middle, shuffles[1:-1], strict=True):
        factors += [shuffle, BlockDense(size // radix, radix, radix)]
    factors += [shuffles[-1], ragged(size // first, size, in_features)]
    return Product.of(*factors)


def _choices(out_features: int, in_features: int, budget: int) -> Iterator[Choice]:
    """Give the chains within the budget: what they use, their rank, and their radices."""
    m, n = out_features, in_features
    if budget >= m * n:
        yield m * n, min(m, n), ()
    for count in range(2, _MOST_FACTORS + 1):
        for radix in _RADICES if count > 2 else (1,):
            middle = (radix,) * (count - 2)
            inner = radix ** (count - 2)
            # Blocks of a single row or column would only scale what others mix.
            fewest = 1 if not middle and (budget < 2 * (m + n) or min(m, n) == 1) else 2
            # There are no more blocks than rows or columns to share among them.
            most = min(m // inner, 2 * radix if middle else m, budget // n)
            for first in range(fewest, most + 1):
                growth = m + (count - 2) * radix * first * inner
                last = min((min(budget, m * n) - first * n) // growth, n // inner)
                if last >= fewest:
                    used = first * n + last * growth
                    yield used, min(last * inner * first, m, n), (last, *middle, first)


FAMILY = Family(
    name="deformable-butterfly",
    build=build,
    least=least,
    formula="Πₖ Pₖ diag(rectangular blocks)",
    source="Lin et al. 2021",
    good_for="every output from every input at few numbers, whatever the sizes",
    accepts="any shape; least m + n (inner size one), or m n if that is less",
)
