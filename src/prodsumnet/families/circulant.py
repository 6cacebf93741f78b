"""Circulant matrices with random signs: ``S C D Z``, one FFT for each application.

Rectangular shapes are met as in Cheng et al. (2015): the input is padded with zeros to the larger
side, and the output is truncated.
"""

from prodsumnet.families.family import Family
from prodsumnet.families.shapes import fitted
from prodsumnet.operators import Circulant, LinearOperator
from prodsumnet.operators.sign_diagonal import SignDiagonal


def least(out_features: int, in_features: int) -> int:
    """Return the size of the square matrix."""
    return max(out_features, in_features)


def build(out_features: int, in_features: int, budget: int, seed: int) -> LinearOperator:
    """Return one circulant matrix with random signs before it."""
    size = max(out_features, in_features)
    return fitted(Circulant(size) @ SignDiagonal(size, seed), out_features, in_features)


FAMILY = Family(
    name="circulant",
    build=build,
    least=least,
    formula="F⁻¹ diag(F c) F D, D random signs",
    source="Cheng et al. 2015",
    good_for="square layers in O(n log n) with n numbers",
    accepts="any shape, padded and truncated to n = max(out, in); least n",
)
