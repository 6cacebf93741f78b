"""Monarch matrices ``P L Pᵀ R``: two block-diagonal matrices with a shuffle between.

The inner size is that of the smaller side, so that rank is not lost; the budget sets the number
of blocks, about the same in both. Sizes that it does not divide have some blocks larger by one, so
nothing is padded; the last shuffle, which only names the outputs, is then left out.
"""

from prodsumnet.families.dials import best
from prodsumnet.families.family import Family
from prodsumnet.families.ragged import ragged, ragged_count
from prodsumnet.operators import AxisPermutation, Identity, LinearOperator, Product

_SLACK = 1.25


def least(out_features: int, in_features: int) -> int:
    """Return the numbers of blocks of one row and of one column."""
    return out_features + in_features


def build(out_features: int, in_features: int, budget: int, seed: int) -> LinearOperator:
    """Return the numbers of blocks with the most trainable numbers, not above a dense matrix's."""
    m, n = out_features, in_features
    limit = max(least(m, n), min(budget, m * n))
    ideal = limit / (m + n)
    choices = []
    for height in range(max(1, int(ideal / _SLACK)), min(m, n, int(ideal * _SLACK) + 1) + 1):
        columns = -(-min(m, n) // height)
        inner, left = columns * height, limit - height * n
        if left < m:
            break
        rows = -(-m * inner // left)
        # Unequal blocks hold a little more than that.
        while rows < min(m, inner) and ragged_count(rows, m, inner) > left:
            rows += 1
        if rows <= min(m, inner) and ragged_count(rows, m, inner) <= left:
            used = height * n + ragged_count(rows, m, inner)
            # Blocks of the left factor should be as wide as those of the right one are high.
            unequal = abs(height * rows - inner)
            choices.append((used, -unequal, (rows, columns, height)))
    rows, columns, height = best(choices)
    return Product.of(
        AxisPermutation((rows, m // rows), (1, 0)) if m % rows == 0 else Identity(m),
        ragged(rows, m, columns * height),
        AxisPermutation((columns, height), (1, 0)),
        ragged(columns, columns * height, n),
    )


FAMILY = Family(
    name="monarch",
    build=build,
    least=least,
    formula="P L Pᵀ R, L and R block-diagonal",
    source="Dao et al. 2022",
    good_for="full rank in two batched matrix products, which accelerators like",
    accepts="any shape, in blocks of nearly equal sizes; least m + n",
)
