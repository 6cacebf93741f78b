"""Products of stages of Givens rotations, ``θ Π G``, each of disjoint planes.

The square matrix has the larger side; a smaller side is spread over it by balanced hashing with
signs, see the family ``permutation``. If the size is a power of two, the stages have the strides
1, 2, 4, ... in turn, as in a fast Fourier transform; else their pairs are random. There are at most
64 stages, and no more angles than rotations have; the last stage may be incomplete. ``θ`` sets the
scale, which rotations keep.
"""

from prodsumnet.families.family import Family
from prodsumnet.families.permutation import spread
from prodsumnet.operators import Basis, Identity, LinearOperator, Product
from prodsumnet.operators.givens import Givens

MAX_STAGES = 64
_OFFSET = 0x61DE


def least(out_features: int, in_features: int) -> int:
    """Return the scale, and one angle if there is a plane."""
    return 1 if out_features == in_features == 1 else 2


def build(out_features: int, in_features: int, budget: int, seed: int) -> LinearOperator:
    """Return as many rotations as the budget allows."""
    size = max(out_features, in_features)
    if size == 1:
        return Basis(Identity(1))
    pairs = size // 2
    # Rotations of n features have n (n - 1) / 2 degrees of freedom.
    most = min(MAX_STAGES, size * (size - 1) // 2 // pairs)
    full, rest = divmod(budget - 1, pairs)
    counts = [pairs] * min(full, most)
    if full < most and rest:
        counts.append(rest)
    power_of_two = size & (size - 1) == 0
    strides = [1 << k for k in range(size.bit_length() - 1)] if power_of_two else [None]
    stages = [
        Givens(size, strides[(k - 1) % len(strides)], (seed + k * _OFFSET) % 2**63, count)
        for k, count in enumerate(counts, start=1)
    ]
    # The first stage is applied first.
    ends = spread(out_features, size, seed), spread(size, in_features, seed)
    return Basis(Product.of(ends[0], *reversed(stages), ends[1]))


FAMILY = Family(
    name="givens",
    build=build,
    least=least,
    formula="θ Π G, rotations in disjoint planes",
    source="Givens 1958; Jing et al. 2017",
    good_for="orthogonal layers in O(n log n), one angle a plane",
    accepts="any shape, spread over n = max(m, n) by balanced hashing; least 2, at most 1 + 32 n",
)
