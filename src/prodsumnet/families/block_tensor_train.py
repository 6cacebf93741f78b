"""Block tensor trains (BTT): two block-diagonal matrices with a shuffle between, of any rank.

Seen as a grid of ``a`` by ``b`` blocks, each block of the matrix is of rank ``r``. Sizes that the
grid does not divide have some blocks larger by one, so nothing is padded.
"""

import math

from prodsumnet.families.dials import best
from prodsumnet.families.family import Family
from prodsumnet.families.ragged import ragged
from prodsumnet.operators import AxisPermutation, LinearOperator, Product


def least(out_features: int, in_features: int) -> int:
    """Return the numbers of one block of rank one."""
    return out_features + in_features


def build(out_features: int, in_features: int, budget: int, seed: int) -> LinearOperator:
    """Return the grid and the rank with nearly the most numbers and the highest rank in all."""
    m, n = out_features, in_features
    # More numbers than the matrix has entries are of no use.
    limit = min(budget, max(m + n, m * n))
    choices = []
    # Beyond a grid of square roots, a higher rank of the blocks is the better use of numbers.
    for a in range(1, math.isqrt(m - 1) + 2):
        for b in range(1, math.isqrt(n - 1) + 2):
            rank = min(limit // (a * n + b * m), -(-m // a), -(-n // b))
            if rank:
                choices.append((rank * (a * n + b * m), min(a * b * rank, m, n), (a, b, rank)))
    a, b, rank = best(choices)
    return Product.of(
        ragged(a, m, a * b * rank),
        AxisPermutation((b, a, rank), (1, 0, 2)),
        ragged(b, a * b * rank, n),
    )


FAMILY = Family(
    name="block-tensor-train",
    build=build,
    least=least,
    formula="L P R, blocks of rank r: W = [Lᵢⱼ Rⱼᵢ]",
    source="Qiu et al. 2024",
    good_for="dense layers of transformers and others, as accurate at less compute",
    accepts="any shape, in blocks of nearly equal sizes; least m + n (one block of rank one)",
)
