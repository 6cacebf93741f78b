"""Fastfood with trained diagonals: ``Σ_t S H G Π H B``, stacked to the number of outputs.

The input is padded to the next power of two ``d``; ``⌈out / d⌉`` stacks of ``d`` outputs stand on
top of each other, the last one truncated. Each has diagonals ``S``, ``G`` and ``B`` of its own,
without the numbers that padding and truncation hide; the permutation ``Π`` is the same for all.
A budget below all three trains those of the diagonals that use most of it, the others are random
signs (up to ``d = 8`` always ``G``, since rows of small matrices of signs may cancel); a larger one
gives a sum of several such matrices, the last one partly trained again, up to as many numbers as
the matrix has entries.
"""

from itertools import combinations

from prodsumnet.families.family import Family
from prodsumnet.families.shapes import power_of_two
from prodsumnet.operators import (
    Diagonal,
    Hadamard,
    Identity,
    Kronecker,
    LinearOperator,
    Ones,
    Permutation,
    Product,
    Sum,
    truncate,
    zero_pad,
)
from prodsumnet.operators.sign_diagonal import SignDiagonal

_SMALL = 8


def least(out_features: int, in_features: int) -> int:
    """Return the numbers of the smallest diagonal that can stand alone."""
    numbers = _numbers(out_features, in_features)
    return min(sum(map(numbers.__getitem__, subset)) for subset in _subsets(in_features))


def build(out_features: int, in_features: int, budget: int, seed: int) -> LinearOperator:
    """Return a sum of stacks with all diagonals trained, and of one with some."""
    numbers = _numbers(out_features, in_features)
    whole = sum(numbers.values())
    full, rest = divmod(min(budget, max(whole, out_features * in_features)), whole)
    terms = [_stacks(out_features, in_features, full, "SGB", seed)] if full else []
    used = {subset: sum(map(numbers.__getitem__, subset)) for subset in _subsets(in_features)}
    affordable = [subset for subset in used if used[subset] <= rest]
    if affordable:
        trained = "".join(max(affordable, key=used.__getitem__))
        terms.append(_stacks(out_features, in_features, 1, trained, seed + 3))
    return Sum.of(*terms)


def _subsets(in_features: int) -> list[tuple[str, ...]]:
    """Return which diagonals may be trained while the others are signs."""
    subsets = [subset for count in (1, 2) for subset in combinations("GSB", count)]
    small = power_of_two(in_features) <= _SMALL
    return [subset for subset in subsets if "G" in subset or not small]


def _numbers(out_features: int, in_features: int) -> dict[str, int]:
    """Return how many numbers each diagonal has."""
    size = power_of_two(in_features)
    stacks = -(-out_features // size)
    return {"S": out_features, "G": stacks * size, "B": stacks * in_features}


def _stacks(
    out_features: int, in_features: int, terms: int, trained: str, seed: int
) -> LinearOperator:
    """Return a sum of several stacks, all applied at once."""
    size = power_of_two(in_features)
    stacks = -(-out_features // size)
    blocks = terms * stacks

    def diagonal(name: str, features: int) -> LinearOperator:
        if name in trained:
            return Diagonal(features)
        return SignDiagonal(features, (seed + "SGB".index(name)) % 2**63)

    hadamard = Hadamard(size)
    mixed = Product.of(Permutation(size, seed % 2**63), hadamard, zero_pad(size, in_features))
    cut = truncate(out_features, stacks * size)
    factors = [
        diagonal("S", terms * out_features),
        Kronecker(Identity(terms), cut) if terms > 1 else cut,
        Kronecker(Identity(blocks), hadamard) if blocks > 1 else hadamard,
        diagonal("G", blocks * size),
        Kronecker(Identity(blocks), mixed) if blocks > 1 else mixed,
        diagonal("B", blocks * in_features),
    ]
    if terms > 1:
        factors.insert(0, Kronecker(Ones(1, terms), Identity(out_features)))
    if blocks > 1:
        factors.append(Kronecker(Ones(blocks, 1), Identity(in_features)))
    return Product.of(*factors)


FAMILY = Family(
    name="fastfood",
    build=build,
    least=least,
    formula="Σₜ S H G Π H B, H Hadamard, Π fixed permutation, S, G, B diagonal",
    source="Le, Sarlós & Smola 2013; Yang et al. 2015",
    good_for="wide random-feature-like layers, m + 2 d numbers in O(m log d)",
    accepts="any shape, padded to d = a power of two, stacks of d outputs; up to m n numbers; "
    "least min(m, n ⌈m / d⌉), one diagonal (G up to d = 8)",
)
