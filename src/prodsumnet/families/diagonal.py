"""Diagonal matrices, and sums of permuted diagonals ``Σ D_k P_k`` where the budget allows.

A square matrix has the plain diagonal first. What is left of the budget, and all of it for
rectangular shapes, goes into random permuted diagonals that do not meet each other; the last one
may be incomplete. They are a block-sparse matrix with blocks of one entry.
"""

from prodsumnet.families.family import Family
from prodsumnet.operators import Diagonal, LinearOperator
from prodsumnet.operators.block_sparse import BlockSparse


def least(out_features: int, in_features: int) -> int:
    """Return the length of the diagonal."""
    return min(out_features, in_features)


def build(out_features: int, in_features: int, budget: int, seed: int) -> LinearOperator:
    """Return diagonals with as many numbers as the budget, at most one per entry."""
    m, n = out_features, in_features
    if m != n:
        return BlockSparse(m, n, 1, 1, min(budget, m * n), seed)
    left = min(budget, m * n) - n
    return Diagonal(n) + BlockSparse(n, n, 1, 1, left, seed) if left else Diagonal(n)


FAMILY = Family(
    name="diagonal",
    build=build,
    least=least,
    formula="D₀ + Σ D_k P_k, permutations P_k",
    source="classical; sums of permuted diagonals compare Halevi & Shoup 2014",
    good_for="scaling features, and the cheapest mixing of them",
    accepts="any shape, rectangular diagonals are permuted; least min(m, n)",
)
