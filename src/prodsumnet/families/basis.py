"""Linear combinations of fixed random matrices, ``Σ θ_k A_k``, the original of all other families.

Few terms are matrices of independent random signs. Their signs are as many as terms times entries;
where these would be more than the option ``max_signs``, 2²² by default, the terms are products of
random signs instead: ``A_pq = s_p t_qᵀ``, all pairs of few sign vectors ``s_p`` and ``t_q``, summed
as ``S Θ Tᵀ``. So the rank is limited, but any number of terms is cheap. A side with as many vectors
as features has unit vectors, of which none is a combination of others.
"""

import math

from prodsumnet.families.family import Family
from prodsumnet.numerics import checks
from prodsumnet.operators import Dense, Identity, LinearOperator, RandomSigns, SeededBasis

_OFFSET = 0xBA515


def least(out_features: int, in_features: int, max_signs: int = 2**22) -> int:
    """Return one coefficient."""
    checks.positive_int("max_signs", max_signs)
    return 1


def build(
    out_features: int, in_features: int, budget: int, seed: int, max_signs: int = 2**22
) -> LinearOperator:
    """Return a combination of as many terms as the budget, at most one per entry."""
    m, n = out_features, in_features
    terms = min(budget, m * n)
    if terms * m * n <= max_signs:
        return SeededBasis(m, n, terms, seed)
    p, q = _pairs(m, n, terms)
    left = Identity(m) if p == m else RandomSigns(p, m, (seed + _OFFSET) % 2**63).H
    right = Identity(n) if q == n else RandomSigns(q, n, seed)
    return left @ Dense(p, q) @ right


def _pairs(out_features: int, in_features: int, terms: int) -> tuple[int, int]:
    """Return how many sign vectors there are on each side: most pairs, about equally many."""
    even = math.isqrt(terms)
    # Where one side has no more room, the other takes the rest.
    fewest = terms // in_features
    low = min(max(2 * even // 3, fewest, 1), out_features)
    high = min(max(3 * even // 2, fewest + 1), out_features)
    sides = [(p, min(terms // p, in_features)) for p in range(low, high + 1)]
    return max(sides, key=lambda side: (side[0] * side[1], -abs(side[0] - side[1])))


FAMILY = Family(
    name="basis",
    build=build,
    least=least,
    formula="Σ θ_k A_k, or S Θ Tᵀ with A_pq = s_p t_qᵀ",
    source="Wu 2018",
    good_for="any number of parameters for any matrix, with no assumption on it",
    accepts="any shape; random sign matrices up to 2²² signs, then pairs of sign vectors; least 1",
)
