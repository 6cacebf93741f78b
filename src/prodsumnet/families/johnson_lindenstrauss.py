"""A trainable matrix on a fast Johnson-Lindenstrauss transform, ``D (P H S)`` or ``(P H S)ᵀ D``.

Random signs ``S`` and a Hadamard transform ``H`` spread any vector over all coordinates, so that a
sparse matrix ``P`` of signs then suffices as a projection (Ailon & Chazelle 2009). All three are
fixed. Sizes are padded with zeros to a power of two. The transform comes first or last, as in the
family ``random-projection``. The option ``num_nonzeros`` says how many signs a column of ``P`` has,
4 by default.
"""

from prodsumnet.families.family import Family
from prodsumnet.families.random_projection import projected
from prodsumnet.families.shapes import fitted, power_of_two
from prodsumnet.numerics import checks
from prodsumnet.operators import Hadamard, LinearOperator
from prodsumnet.operators.sign_diagonal import SignDiagonal
from prodsumnet.operators.sparse_signs import SparseSigns

_OFFSET = 0xF717


def least(out_features: int, in_features: int, num_nonzeros: int = 4) -> int:
    """Return the numbers that one feature takes."""
    checks.positive_int("num_nonzeros", num_nonzeros)
    return min(out_features, in_features)


def build(
    out_features: int, in_features: int, budget: int, seed: int, num_nonzeros: int = 4
) -> LinearOperator:
    """Return a dense matrix on as many projections as the budget allows."""

    def transform(k: int, n: int) -> LinearOperator:
        size = power_of_two(n)
        # Not the signs of the diagonal.
        other = (seed + _OFFSET) % 2**63
        sparse = SparseSigns(k, size, min(num_nonzeros, k), other)
        return fitted(sparse @ Hadamard(size), k, n) @ SignDiagonal(n, seed)

    return projected(out_features, in_features, budget, transform)


FAMILY = Family(
    name="johnson-lindenstrauss",
    build=build,
    least=least,
    formula="D (P H S) or (P H S)ᵀ D, sparse signs P, Hadamard H, signs S",
    source="Ailon & Chazelle 2009; Kane & Nelson 2014",
    good_for="random projection of long inputs in O(n log n)",
    accepts="any shape, padded to a power of two on the projected side; least min(m, n)",
)
