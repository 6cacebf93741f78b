"""A trainable matrix on few random projections of the input, ``D R``, or its mirror image ``Rᵀ D``.

The projection ``R`` is a fixed matrix of random signs, which nearly keeps lengths and angles
(Johnson & Lindenstrauss 1984). It comes first or last, whichever spends more of the budget, and
keeps more features if both spend the same. Where all features would be kept, it is left out.
"""

from collections.abc import Callable

from prodsumnet.families.family import Family
from prodsumnet.operators import Dense, LinearOperator, RandomSigns


def least(out_features: int, in_features: int) -> int:
    """Return the numbers that one feature takes."""
    return min(out_features, in_features)


def projected(
    out_features: int,
    in_features: int,
    budget: int,
    projection: Callable[[int, int], LinearOperator],
) -> LinearOperator:
    """Return a dense matrix within the budget, with a fixed projection before or after it.

    Parameters
    ----------
    out_features, in_features, budget : int
        As for a family.
    projection : callable
        ``projection(k, n)`` gives a fixed operator of shape ``(k, n)``, where ``k < n``.
    """
    before = min(budget // out_features, in_features)
    after = min(budget // in_features, out_features)
    if before == in_features or after == out_features:
        return Dense(out_features, in_features)
    if (before * out_features, before) >= (after * in_features, after):
        return Dense(out_features, before) @ projection(before, in_features)
    return projection(after, out_features).H @ Dense(after, in_features)


def build(out_features: int, in_features: int, budget: int, seed: int) -> LinearOperator:
    """Return a dense matrix on as many random projections as the budget allows."""
    return projected(out_features, in_features, budget, lambda k, n: RandomSigns(k, n, seed))


FAMILY = Family(
    name="random-projection",
    build=build,
    least=least,
    formula="D R or Rᵀ D, random signs R",
    source="Dasgupta 2000; Achlioptas 2003",
    good_for="many inputs for few numbers, with a bound on what is lost",
    accepts="any shape, projected on the side that spends more; least min(m, n)",
)
