"""Low-rank matrices, ``U V``: the bottleneck of two thin dense factors."""

from prodsumnet.families.family import Family
from prodsumnet.operators import LinearOperator, LowRank


def least(out_features: int, in_features: int) -> int:
    """Return the numbers of rank one."""
    return out_features + in_features


def build(out_features: int, in_features: int, budget: int, seed: int) -> LinearOperator:
    """Return the product of the highest rank within the budget, at most the smaller side."""
    rank = min(budget // (out_features + in_features), out_features, in_features)
    return LowRank(out_features, in_features, rank)


FAMILY = Family(
    name="low-rank",
    build=build,
    least=least,
    formula="U V",
    source="Sainath et al. 2013; Xue, Li & Gong 2013",
    good_for="matrices with few strong directions, such as last layers with many classes",
    accepts="any shape; least m + n (rank one)",
)
