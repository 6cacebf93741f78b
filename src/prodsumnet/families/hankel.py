"""Hankel matrices, ``H_0 + Σ_k H_k D_k`` with random signs ``D_k``.

Below ``out + in - 1`` numbers it is the band of that many antidiagonals that holds most entries;
above, terms are added as in the Toeplitz family.
"""

from prodsumnet.families import toeplitz
from prodsumnet.families.family import Family
from prodsumnet.operators import LinearOperator, Permutation
from prodsumnet.operators.hankel import Hankel


def least(out_features: int, in_features: int) -> int:
    """Return the numbers of one antidiagonal."""
    return 1


def build(out_features: int, in_features: int, budget: int, seed: int) -> LinearOperator:
    """Return a band, or a sum of Hankel matrices with random signs."""
    return toeplitz.summed(band, signed_sum, out_features, in_features, budget, seed)


def band(out_features: int, in_features: int, count: int) -> Hankel:
    """Return the band of ``count`` antidiagonals in the middle, where the longest ones are."""
    first = (out_features + in_features - 1 - count) // 2
    return Hankel(out_features, in_features, first, first + count - 1)


def signed_sum(out_features: int, in_features: int, terms: int, seed: int) -> LinearOperator:
    """Return ``Σ_k H_k D_k``, a sum of Toeplitz matrices with the rows reversed."""
    reverse = Permutation(out_features, order=range(out_features)[::-1])
    return reverse @ toeplitz.signed_sum(out_features, in_features, terms, seed)


FAMILY = Family(
    name="hankel",
    build=build,
    least=least,
    formula="Σ_s θ_s J_s, J_s ones on antidiagonal s; H₀ + Σₖ Hₖ Dₖ, Dₖ random signs",
    source="Golub & Van Loan 2013",
    good_for="correlations on a line: any number of antidiagonals, in O(n log n)",
    accepts="any shape; up to m + n - 1 numbers the middle antidiagonals, then a sum, up to m n; "
    "least 1",
)
