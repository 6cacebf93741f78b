"""Block-sparse matrices: few dense blocks on a grid, at places that a seed gives.

Blocks have at most 8×8 entries, fewer where larger ones would not reach every row and column of the
grid within the budget. Their sides divide the matrix's, so that a prime side is cut into ones.
The option ``block`` is the largest side of a block, 8 by default.
"""

from prodsumnet.families.family import Family
from prodsumnet.families.shapes import divisors
from prodsumnet.numerics import checks
from prodsumnet.operators import LinearOperator
from prodsumnet.operators.block_sparse import BlockSparse


def least(out_features: int, in_features: int, block: int = 8) -> int:
    """Return one block of one entry."""
    checks.positive_int("block", block)
    return 1


def build(
    out_features: int, in_features: int, budget: int, seed: int, block: int = 8
) -> LinearOperator:
    """Return as many blocks as the budget allows, of the largest shape that covers the matrix."""
    shapes = [
        (a, b) for a in divisors(out_features) for b in divisors(in_features) if max(a, b) <= block
    ]
    # The largest first, and the squarest of those.
    shapes.sort(key=lambda shape: (-shape[0] * shape[1], abs(shape[0] - shape[1])))
    covering = (
        (a, b) for a, b in shapes if budget // (a * b) >= max(out_features // a, in_features // b)
    )
    a, b = next(covering, (1, 1))
    count = min(budget // (a * b), out_features // a * (in_features // b))
    return BlockSparse(out_features, in_features, a, b, count, seed)


FAMILY = Family(
    name="block-sparse",
    build=build,
    least=least,
    formula="Σ E_i(k) B_k E_j(k)ᵀ, dense blocks B_k",
    source="Gray, Radford & Kingma 2017",
    good_for="sparsity that runs at the speed of dense products",
    accepts="any shape, in blocks whose sides divide it (1 for a prime side); least 1",
)
