"""Hashed matrices: every entry is one of few shared numbers, with a random sign."""

from prodsumnet.families.family import Family
from prodsumnet.operators import Hashed, LinearOperator


def least(out_features: int, in_features: int) -> int:
    """Return one shared number."""
    return 1


def build(out_features: int, in_features: int, budget: int, seed: int) -> LinearOperator:
    """Return a matrix of as many shared numbers as the budget, at most one per entry."""
    return Hashed(out_features, in_features, min(budget, out_features * in_features), seed)


FAMILY = Family(
    name="hashed",
    build=build,
    least=least,
    formula="Σ θ_k H_k, the sign matrices H_k have disjoint supports",
    source="Chen et al. 2015",
    good_for="full rank and full support at any number of parameters",
    accepts="any shape; least 1",
)
