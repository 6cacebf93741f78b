"""Banded matrices: a band around the diagonal, which stretches over rectangular shapes.

Where there are more columns than rows, the diagonal steps over several columns, and the band is
centred on all of them.
"""

from prodsumnet.families.family import Family
from prodsumnet.operators import LinearOperator
from prodsumnet.operators.banded import Banded, num_banded


def least(out_features: int, in_features: int) -> int:
    """Return the numbers of the diagonal alone, one in every row."""
    return out_features


def _band(in_features: int, step: int, diagonals: int) -> tuple[int, int]:
    """Return how many diagonals there are on each side, of one more in all."""
    lower = min(max(0, (diagonals - step) // 2), in_features - 1)
    upper = min(diagonals - lower, in_features - 1)
    return min(diagonals - upper, in_features - 1), upper


def build(out_features: int, in_features: int, budget: int, seed: int) -> LinearOperator:
    """Return the widest band within the budget."""
    step = -(-in_features // out_features) - 1
    low, high = 0, 2 * (in_features - 1)
    while low < high:
        middle = (low + high + 1) // 2
        count = num_banded(out_features, in_features, *_band(in_features, step, middle))
        low, high = (middle, high) if count <= budget else (low, middle - 1)
    return Banded(out_features, in_features, *_band(in_features, step, low))


FAMILY = Family(
    name="banded",
    build=build,
    least=least,
    formula="Σ D_d S_d, shifts S_d from −lower to upper",
    source="classical; Golub & Van Loan 2013",
    good_for="features with an order, such as time or frequency",
    accepts="any shape, along the diagonal from corner to corner; least m",
)
