"""Sparse matrices: trainable entries at random places that a seed gives, zeros elsewhere."""

from prodsumnet.families.family import Family
from prodsumnet.operators import LinearOperator, Sparse


def least(out_features: int, in_features: int) -> int:
    """Return one entry."""
    return 1


def build(out_features: int, in_features: int, budget: int, seed: int) -> LinearOperator:
    """Return a sparse matrix with as many entries as the budget, at most all."""
    return Sparse(out_features, in_features, min(budget, out_features * in_features), seed)


FAMILY = Family(
    name="sparse",
    build=build,
    least=least,
    formula="Σ θ_k e_i(k) e_j(k)ᵀ",
    source="LeCun, Denker & Solla 1990; Mocanu et al. 2018",
    good_for="a baseline that takes any budget exactly",
    accepts="any shape; least 1",
)
