"""Products of Householder reflections, ``θ Π (I - 2 v vᵀ / vᵀv)``.

The square matrix has the larger side; a smaller side is spread over it by balanced hashing with
signs, see the family ``permutation``. There are at most 64 reflections, and no more than features;
the last one may act on the leading features only. ``θ`` sets the scale, which reflections keep.
"""

from prodsumnet.families.family import Family
from prodsumnet.families.permutation import spread
from prodsumnet.operators import Basis, BlockDiagonal, Identity, LinearOperator, Product
from prodsumnet.operators.householder import Householder

MAX_REFLECTIONS = 64


def least(out_features: int, in_features: int) -> int:
    """Return the scale, and a reflection of two features if there are two."""
    return 1 if out_features == in_features == 1 else 3


def build(out_features: int, in_features: int, budget: int, seed: int) -> LinearOperator:
    """Return as many reflections as the budget allows."""
    size = max(out_features, in_features)
    if size == 1:
        return Basis(Identity(1))
    most = min(MAX_REFLECTIONS, size)
    full, rest = divmod(budget - 1, size)
    full = min(full, most)
    factors: list[LinearOperator] = [Householder(size, full)] if full else []
    if full < most and rest >= 2:
        factors.append(BlockDiagonal(Householder(rest), Identity(size - rest)))
    ends = spread(out_features, size, seed), spread(size, in_features, seed)
    return Basis(Product.of(ends[0], *factors, ends[1]))


FAMILY = Family(
    name="householder",
    build=build,
    least=least,
    formula="θ Π (I − 2 v vᵀ / vᵀv)",
    source="Householder 1958; Mhammedi et al. 2017",
    good_for="orthogonal layers, whose gradients neither vanish nor explode",
    accepts="any shape, spread over n = max(m, n) by balanced hashing; least 3, at most 1 + 64 n",
)
