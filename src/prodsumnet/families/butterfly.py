"""Butterfly matrices: stages of 2×2 blocks, each of which mixes another bit of the index.

Between stages a perfect shuffle moves bits to the front, as in Pease's fast Fourier transform, so
that all stages have one form. With stages to mix ``K`` bits, ``2^K >= min(m, n)``, the blocks of
the first one are as wide, and those of the last one as high, as it takes to meet the sizes; so
nothing is padded. Below the numbers of a butterfly there are fewer stages, which mix bits spread
evenly; above, up to the stages of two butterflies, and sums of several.
"""

from prodsumnet.families.family import Family
from prodsumnet.families.ragged import ragged, ragged_count
from prodsumnet.families.shapes import power_of_two
from prodsumnet.operators import AxisPermutation, BlockDense, LinearOperator, Product


def _count(out_features: int, in_features: int, stages: int) -> int:
    size = power_of_two(min(out_features, in_features))
    if stages == 1:
        return ragged_count(max(size // 2, 1), out_features, in_features)
    return 2 * (out_features + in_features + size * (stages - 2))


def least(out_features: int, in_features: int) -> int:
    """Return the numbers of one stage."""
    return _count(out_features, in_features, 1)


def build(out_features: int, in_features: int, budget: int, seed: int) -> LinearOperator:
    """Return the number of stages and of terms with the most numbers."""
    terms, stages = _dials(out_features, in_features, budget)
    size = power_of_two(min(out_features, in_features))
    bits, blocks = size.bit_length() - 1, max(size // 2, 1)
    if stages == 1:
        return ragged(blocks, out_features, in_features)
    step = max(1, bits // stages)
    last, kept = 2 ** (step - 1), 2 ** (bits - step - 1)
    # The term is the last but one axis: blocks of the first and the last stage hold all terms.
    shuffle = AxisPermutation((kept, 2, last, terms, 2), (2, 4, 0, 3, 1))
    factors = [
        ragged(blocks, out_features, 2 * terms * blocks),
        *(BlockDense(terms * blocks, 2, 2) for _ in range(stages - 2)),
        ragged(blocks, 2 * terms * blocks, in_features),
    ]
    shuffled = [factor for stage in factors for factor in (stage, shuffle)]
    return Product(*shuffled[:-1])


def _dials(out_features: int, in_features: int, budget: int) -> tuple[int, int]:
    """Return the number of terms and of stages."""
    bits = power_of_two(min(out_features, in_features)).bit_length() - 1

    def count(stages: int) -> int:
        return _count(out_features, in_features, stages)

    if bits < 2 or budget < count(bits):
        return 1, max(s for s in range(1, max(bits, 2)) if count(s) <= budget)
    # Beyond as many numbers as the matrix has entries, more are of no use.
    limit = min(budget, max(count(bits), out_features * in_features))
    found = [(limit // count(s), s) for s in range(bits, 2 * bits + 1) if count(s) <= limit]
    return max(found, key=lambda dials: (dials[0] * count(dials[1]), -dials[1]))


FAMILY = Family(
    name="butterfly",
    build=build,
    least=least,
    formula="Σ Πₖ Pₖ diag(2×2 blocks)",
    source="Dao et al. 2019; Pease 1968",
    good_for="fast transforms learnt from data, in O(n log n) with 2 n log₂ n numbers",
    accepts="any shape, with wider blocks in the first or the last stage; least one stage, about "
    "2 max(m, n)",
)
