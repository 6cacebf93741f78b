"""Sums of Kronecker products: low rank of the matrix whose entries are rearranged by blocks.

Sizes that do not split well are padded by less than one row of blocks, so that every number is
seen.
"""

from prodsumnet.families.family import Family
from prodsumnet.families.kronecker import ample_rank, pairs
from prodsumnet.families.shapes import fitted
from prodsumnet.operators import Dense, LinearOperator, stacked_kronecker_sum

_SLACK = 1.5


def _shapes(out_features: int, in_features: int) -> list[tuple[int, int, int, int]]:
    """Return shapes of a term of ample rank, with nearly as few numbers as any."""
    sizes = out_features, in_features
    found = [a + b for a, b in pairs(*sizes) if ample_rank((a, b), *sizes)]
    fewest = min(map(_count, found))
    return [shapes for shapes in found if _count(shapes) <= _SLACK * fewest]


def _count(shapes: tuple[int, int, int, int]) -> int:
    m1, n1, m2, n2 = shapes
    return m1 * n1 + m2 * n2


def least(out_features: int, in_features: int) -> int:
    """Return the numbers of one term."""
    return min(map(_count, _shapes(out_features, in_features)))


def build(out_features: int, in_features: int, budget: int, seed: int) -> LinearOperator:
    """Return as many terms as the budget allows, of shapes that leave little of it unused."""
    candidates = _shapes(out_features, in_features)
    # Beyond as many numbers as the matrix has entries, more are of no use.
    limit = min(budget, max(out_features * in_features, *map(_count, candidates)))

    def terms(shapes: tuple[int, int, int, int]) -> int:
        m1, n1, m2, n2 = shapes
        return min(limit // _count(shapes), m1 * n1, m2 * n2)

    m1, n1, m2, n2 = chosen = max(candidates, key=lambda s: (terms(s) * _count(s), terms(s)))
    count = terms(chosen)
    operator = stacked_kronecker_sum(Dense(m1, n1 * count), Dense(m2 * count, n2), count)
    return fitted(operator, out_features, in_features)


FAMILY = Family(
    name="kronecker-sum",
    build=build,
    least=least,
    formula="Σᵣ Aᵣ ⊗ Bᵣ",
    source="Van Loan & Pitsianis 1993; Zhou & Wu 2015",
    good_for="full rank at few numbers, in two matrix products for any number of terms",
    accepts="any shape, padded by less than a row of blocks; least about 2 √(m n)",
)
