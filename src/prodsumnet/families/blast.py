"""BLAST: blocks ``W[i, j] = Uᵢ diag(sᵢⱼ) Vⱼᵀ``, whose factors rows and columns of blocks share.

Blocks that do not divide the sizes are larger by one in the first rows and columns.
"""

import math

from prodsumnet.families.dials import best
from prodsumnet.families.family import Family
from prodsumnet.families.ragged import ragged
from prodsumnet.operators import AxisPermutation, BlockDense, LinearOperator, Product


def _fewest_blocks(out_features: int, in_features: int) -> int:
    return min(2, out_features, in_features)


def least(out_features: int, in_features: int) -> int:
    """Return the numbers of rank one and two blocks a side."""
    return out_features + in_features + _fewest_blocks(out_features, in_features) ** 2


def build(out_features: int, in_features: int, budget: int, seed: int) -> LinearOperator:
    """Return the grid and the rank with nearly the most numbers and the highest rank in all."""
    m, n = out_features, in_features
    fewest = _fewest_blocks(m, n)
    # More numbers than the matrix has entries are of no use.
    limit = min(budget, max(least(m, n), m * n))
    choices = []
    # The couplings take no more numbers than the factors.
    for blocks in range(fewest, max(fewest, min(m, n, math.isqrt(m + n))) + 1):
        rank = min(limit // (m + n + blocks**2), m, n)
        if rank:
            used = rank * (m + n + blocks**2)
            choices.append((used, min(blocks * rank, m, n), (blocks, rank)))
    blocks, rank = best(choices)
    return Product(
        ragged(blocks, m, blocks * rank),
        AxisPermutation((rank, blocks), (1, 0)),
        BlockDense(rank, blocks, blocks),
        AxisPermutation((blocks, rank), (1, 0)),
        ragged(blocks, blocks * rank, n),
    )


FAMILY = Family(
    name="blast",
    build=build,
    least=least,
    formula="[Uᵢ diag(sᵢⱼ) Vⱼᵀ]",
    source="Lee et al. 2024",
    good_for="weights of unknown structure: low rank, block-diagonal and Monarch are special cases",
    accepts="any shape, in blocks of nearly equal sizes; least m + n + 4 (rank one, 2 × 2 blocks)",
)
