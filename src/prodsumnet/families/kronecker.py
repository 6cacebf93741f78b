"""Kronecker products of two dense factors, of three where the budget gives two too low a rank.

Sizes that do not split well are padded by less than one row of blocks, so that every number is
seen.
"""

import math
from collections.abc import Iterator

from prodsumnet.families.dials import splits
from prodsumnet.families.family import Family
from prodsumnet.families.shapes import fitted
from prodsumnet.operators import Dense, Kronecker, LinearOperator

Shapes = tuple[tuple[int, int], ...]


def pairs(out_features: int, in_features: int) -> list[Shapes]:
    """Return the shapes of two factors whose product is at least as large as wanted."""
    columns = splits(in_features)
    return [((m1, n1), (m2, n2)) for m1, m2 in splits(out_features) for n1, n2 in columns]


def ample_rank(shapes: Shapes, out_features: int, in_features: int) -> bool:
    """Whether products of these shapes can have half the full rank or more."""
    rank = 1
    for shape in shapes:
        rank *= min(shape)
    return 2 * rank >= min(out_features, in_features)


def _triples(out_features: int, in_features: int) -> Iterator[Shapes]:
    """Give shapes of three factors, the last two about equal."""
    rows, columns = _rests(out_features), _rests(in_features)
    for m1, m2, m3 in rows:
        for n1, n2, n3 in columns:
            yield (m1, n1), (m2, n2), (m3, n3)


def _rests(n: int) -> set[tuple[int, int, int]]:
    found = set()
    for _, rest in splits(n):
        c = math.isqrt(rest)
        b = -(-rest // c)
        found.add((-(-n // (b * c)), b, c))
    return found


def _count(shapes: Shapes) -> int:
    """Return the numbers of the factors, of which those of one number are left out."""
    total = 0
    for h, w in shapes:
        total += h * w if h * w > 1 else 0
    return total or 1


def least(out_features: int, in_features: int) -> int:
    """Return the numbers of the smallest product of three factors."""
    return min(map(_count, _triples(out_features, in_features)))


def build(out_features: int, in_features: int, budget: int, seed: int) -> LinearOperator:
    """Return the product with the most numbers, of shapes of ample rank if any fit."""
    sizes = out_features, in_features
    fitting = [s for s in pairs(*sizes) if _count(s) <= budget]
    if not any(ample_rank(s, *sizes) for s in fitting):
        fitting += [s for s in _triples(*sizes) if _count(s) <= budget]

    def worth(shapes: Shapes) -> tuple[bool, int, int]:
        padded = math.prod(h for h, _ in shapes) + math.prod(w for _, w in shapes)
        return ample_rank(shapes, *sizes), _count(shapes), -padded

    shapes = [s for s in max(fitting, key=worth) if s != (1, 1)] or [(1, 1)]
    factors = [Dense(*shape) for shape in shapes]
    product = Kronecker(*factors) if len(factors) > 1 else factors[0]
    return fitted(product, *sizes)


FAMILY = Family(
    name="kronecker",
    build=build,
    least=least,
    formula="A ⊗ B",
    source="Van Loan 2000; Zhou & Wu 2015",
    good_for="very few numbers for large layers, applied as two small matrix products",
    accepts="any shape, padded by less than a row of blocks; least about 3 (m n)^(1/3)",
)
