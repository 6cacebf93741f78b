"""Permutations: one trainable number times a random arrangement of the features.

Rectangular shapes are met by balanced hashing with signs: of a tall matrix every output is one
input, or its negative, and the inputs occur equally often; a wide one is such a transpose, and adds
inputs up. These are permutations on top of each other, or side by side.
"""

from prodsumnet.families.family import Family
from prodsumnet.operators import Basis, CountSketch, Identity, LinearOperator, Permutation


def least(out_features: int, in_features: int) -> int:
    """Return the one number."""
    return 1


def spread(out_features: int, in_features: int, seed: int) -> LinearOperator:
    """Return a fixed map between sizes that leaves out no feature; the identity if they agree.

    Parameters
    ----------
    out_features, in_features : int
        The sizes.
    seed : int
        Which map.
    """
    if out_features == in_features:
        return Identity(in_features)
    if out_features > in_features:
        return CountSketch(out_features, in_features, seed)
    return CountSketch(in_features, out_features, seed).H


def build(out_features: int, in_features: int, budget: int, seed: int) -> LinearOperator:
    """Return a multiple of a permutation; a larger budget is of no use."""
    if out_features == in_features:
        return Basis(Permutation(in_features, seed))
    return Basis(spread(out_features, in_features, seed))


FAMILY = Family(
    name="permutation",
    build=build,
    least=least,
    formula="θ P",
    source="classical; Zhang et al. 2018 for layers that shuffle",
    good_for="rearranging features between structured factors",
    accepts="any shape, permutations stacked with signs if rectangular; least 1, and no more",
)
