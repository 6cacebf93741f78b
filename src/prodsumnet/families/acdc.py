"""ACDC: ``θ Π_l C⁻¹ D_l C A_l P_l``, diagonals before and between cosine transforms.

Every layer scales the features (``A``), then their cosine coefficients (``D``); fixed random
permutations stand between layers, as in the paper. Diagonals begin as there, near a fixed one of
modulus 1, without which deep products train badly; here it has random signs, so that the product
begins near a random rotation. Where the budget does not reach, an ``A`` is fixed signs alone.
"""

import math

from prodsumnet.families.family import Family
from prodsumnet.operators import (
    DCT,
    Basis,
    Diagonal,
    LinearOperator,
    Permutation,
    Product,
    truncate,
    zero_pad,
)
from prodsumnet.operators.sign_diagonal import SignDiagonal

MAX_LAYERS = 12

NOISE = 0.02
"""Share of what is trained in the variance of a diagonal, at first."""


def least(out_features: int, in_features: int) -> int:
    """Return the numbers of one diagonal and of the gain."""
    return max(out_features, in_features) + 1


def build(out_features: int, in_features: int, budget: int, seed: int) -> LinearOperator:
    """Return the product of as many layers as the budget allows, at most 12."""
    size = max(out_features, in_features)

    def numbers(count: int, scaled: bool) -> int:
        return size * count + in_features * scaled + 1

    options = [(count, scaled) for count in range(1, 2 * MAX_LAYERS) for scaled in (False, True)]
    affordable = [option for option in options if numbers(*option) <= budget]
    # Of two ways to have as many numbers, the one with fewer layers.
    count, scaled = max(affordable, key=lambda option: (numbers(*option), -option[0]))
    layers = count // 2 + 1
    # From the input on. Padding needs no scale, so the first diagonal is before it.
    pad = math.sqrt(size / in_features) * zero_pad(size, in_features)
    factors = [_diagonal(in_features, seed, scaled), pad]
    for layer in range(layers):
        key = (seed + 2 * layer) % 2**63
        if layer:
            factors += [Permutation(size, key), _diagonal(size, key, layer <= count - layers)]
        factors += [DCT(size), _diagonal(size, (key + 1) % 2**63, True), DCT(size).H]
    return Product.of(Basis(truncate(out_features, size)), *reversed(factors))


def _diagonal(size: int, seed: int, trained: bool) -> LinearOperator:
    """Return signs, or signs with noise that is trained."""
    signs = SignDiagonal(size, seed)
    return math.sqrt(1 - NOISE) * signs + Diagonal(size) if trained else signs


FAMILY = Family(
    name="acdc",
    build=build,
    least=least,
    formula="θ Πₗ C⁻¹ Dₗ C Aₗ Pₗ, Pₗ fixed permutations",
    source="Moczulski, Denil, Appleyard & de Freitas 2016",
    good_for="square layers that mix all features, 2 n numbers a layer in O(n log n)",
    accepts="any shape, padded and truncated to n = max(out, in); at most 12 layers; least n + 1, "
    "one layer without A",
)
