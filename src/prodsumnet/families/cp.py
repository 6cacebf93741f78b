"""Canonical polyadic (CP) decomposition of a weight seen as a tensor.

Options ``out_sizes`` and ``in_sizes`` say how outputs and inputs are seen as tensors, such as
``(64,)`` and ``(32, 3, 3)`` for the kernel matrix of a convolution; by default, each as two axes of
about equal length, padded by less than a slice where they have no such factors.
"""

import math
from collections.abc import Sequence

from prodsumnet.families.dials import given_sizes, tensor_sizes
from prodsumnet.families.family import Family
from prodsumnet.families.shapes import fitted
from prodsumnet.numerics import checks
from prodsumnet.operators import Dense, KhatriRao, LinearOperator

Sizes = Sequence[int] | None


def axes(name: str, sizes: Sizes, features: int) -> tuple[int, ...]:
    """Return how features are seen as a tensor: as said, or as two axes, of which ones are none."""
    if sizes is not None:
        return given_sizes(name, sizes, features)
    return tuple(size for size in tensor_sizes(features, 2) if size > 1) or (1,)


def least(
    out_features: int, in_features: int, out_sizes: Sizes = None, in_sizes: Sizes = None
) -> int:
    """Return the numbers of rank one."""
    rows, columns = (
        axes("out_sizes", out_sizes, out_features),
        axes("in_sizes", in_sizes, in_features),
    )
    return sum(rows + columns)


def build(
    out_features: int,
    in_features: int,
    budget: int,
    seed: int,
    out_sizes: Sizes = None,
    in_sizes: Sizes = None,
) -> LinearOperator:
    """Return the decomposition of the highest rank within the budget, at most the generic one."""
    rows, columns = (
        axes("out_sizes", out_sizes, out_features),
        axes("in_sizes", in_sizes, in_features),
    )
    sizes = rows + columns
    rank = min(budget // sum(sizes), _largest_rank(rows, columns))
    operator = _rank_one_terms(rank, rows).T @ _rank_one_terms(rank, columns)
    return fitted(operator, out_features, in_features)


def _largest_rank(rows: tuple[int, ...], columns: tuple[int, ...]) -> int:
    """Return the rank at which there are as many numbers as entries, within what can be of use."""
    sizes = rows + columns
    entries = math.prod(sizes)
    generic = -(-entries // (sum(sizes) - len(sizes) + 1))
    sides = math.prod(rows), math.prod(columns)
    useful = max(generic, min(sides))
    return min(entries // max(sizes), useful, checks.MAX_NUMBERS // max(sides))


def _rank_one_terms(rank: int, sizes: tuple[int, ...]) -> LinearOperator:
    """Return a matrix whose every row is an outer product of one vector for each axis."""
    vectors = [Dense(rank, size) for size in sizes]
    return KhatriRao(*vectors) if len(vectors) > 1 else vectors[0]


FAMILY = Family(
    name="cp",
    build=build,
    least=least,
    formula="(A₁ • A₂)ᵀ (B₁ • B₂) = Σᵣ a₁ᵣ ⊗ a₂ᵣ (b₁ᵣ ⊗ b₂ᵣ)ᵀ",
    source="Kolda & Bader 2009; Lebedev et al. 2015",
    good_for="weights that are tensors, such as convolutions: fewest numbers for each rank",
    accepts="any shape, by default as two axes a side; least about 2 √m + 2 √n (rank one)",
)
