"""Circulant matrices with random signs: ``Σ_k C_k D_k``, one FFT for each term and application.

Rectangular shapes are met as in Cheng et al. (2015): the input is padded with zeros to the larger
side, and the output is truncated. One random diagonal before each circulant lets the sum reach any
matrix (compare Huhtanen & Perämäki 2015).
"""

from prodsumnet.families.family import Family
from prodsumnet.families.shapes import fitted
from prodsumnet.operators import Circulant, Identity, Kronecker, LinearOperator, Ones, Product
from prodsumnet.operators.block_circulant import BlockCirculant
from prodsumnet.operators.sign_diagonal import SignDiagonal


def least(out_features: int, in_features: int) -> int:
    """Return the size of the square matrix."""
    return max(out_features, in_features)


def build(out_features: int, in_features: int, budget: int, seed: int) -> LinearOperator:
    """Return the sum of as many circulant matrices as the budget allows."""
    size = max(out_features, in_features)
    terms = min(budget // size, out_features, in_features)
    circulants = Circulant(size) if terms == 1 else BlockCirculant(1, terms, size)
    return fitted(circulants @ signed_copies(size, terms, seed), out_features, in_features)


def signed_copies(features: int, copies: int, seed: int) -> LinearOperator:
    """Return the input several times, one below the other, each with random signs of its own."""
    repeated = Kronecker(Ones(copies, 1), Identity(features))
    signs = SignDiagonal(copies * features, seed)
    return signs if copies == 1 else Product(signs, repeated)


FAMILY = Family(
    name="circulant",
    build=build,
    least=least,
    formula="Σₖ F⁻¹ diag(F cₖ) F Dₖ, Dₖ random signs",
    source="Cheng et al. 2015",
    good_for="square layers in O(n log n) with n numbers for each term",
    accepts="any shape, padded and truncated to n = max(out, in); at most min(out, in) terms of n "
    "numbers; least n",
)
