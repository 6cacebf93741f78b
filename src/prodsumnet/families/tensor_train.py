r"""Tensor trains (TT-matrices): ``W[i₁i₂i₃, j₁j₂j₃] = G₁[i₁, j₁] G₂[i₂, j₂] G₃[i₃, j₃]``.

Options ``out_sizes`` and ``in_sizes`` say how outputs and inputs are seen as tensors, such as
``(64,)`` and ``(32, 3, 3)`` for the kernel matrix of a convolution; the shorter one is filled up
with ones. By default, each is three axes of about equal length, padded by less than a slice where
there are no such factors.
"""

import math
from itertools import accumulate
from operator import mul

from prodsumnet.families.cp import Sizes
from prodsumnet.families.dials import given_sizes, grow, tensor_sizes
from prodsumnet.families.family import Family
from prodsumnet.families.shapes import fitted
from prodsumnet.operators import Dense, Identity, Kronecker, LinearOperator, Product

_AXES = 3

Pairs = list[tuple[int, int]]


def _axes(out_features: int, in_features: int, out_sizes: Sizes, in_sizes: Sizes) -> Pairs:
    """Return the sizes of outputs and inputs that each core has."""
    # Long axes of one side meet short ones of the other, so that the cores are about equal.
    rows = tensor_sizes(out_features, _AXES)[::-1]
    columns = tensor_sizes(in_features, _AXES)
    if out_sizes is not None:
        rows = given_sizes("out_sizes", out_sizes, out_features)
    if in_sizes is not None:
        columns = given_sizes("in_sizes", in_sizes, in_features)
    length = max(len(rows), len(columns))
    rows += (1,) * (length - len(rows))
    columns += (1,) * (length - len(columns))
    return [pair for pair in zip(rows, columns, strict=True) if pair != (1, 1)] or [(1, 1)]


def _count(pairs: Pairs, ranks: list[int]) -> int:
    left, right = [1, *ranks], [*ranks, 1]
    return sum(m * n * a * b for (m, n), a, b in zip(pairs, left, right, strict=True))


def least(
    out_features: int, in_features: int, out_sizes: Sizes = None, in_sizes: Sizes = None
) -> int:
    """Return the numbers of ranks one."""
    pairs = _axes(out_features, in_features, out_sizes, in_sizes)
    return _count(pairs, [1] * (len(pairs) - 1))


def build(
    out_features: int,
    in_features: int,
    budget: int,
    seed: int,
    out_sizes: Sizes = None,
    in_sizes: Sizes = None,
) -> LinearOperator:
    """Return the train of about equal ranks within the budget."""
    pairs = _axes(out_features, in_features, out_sizes, in_sizes)
    entries = math.prod(m * n for m, n in pairs)
    before = list(accumulate((m * n for m, n in pairs), mul))[:-1]
    limits = [min(left, entries // left) for left in before]
    ranks = grow(limits, lambda ranks: _count(pairs, ranks) <= budget)
    return fitted(_train(pairs, ranks), out_features, in_features)


def _train(pairs: Pairs, ranks: list[int]) -> LinearOperator:
    """Return the cores as factors, the first one applied first.

    When core k is due, the vector is a tensor of the outputs done, the rank, and the inputs due.
    """
    left, right = [1, *ranks], [*ranks, 1]
    factors: list[LinearOperator] = []
    for k, (m, n) in enumerate(pairs):
        done = math.prod(m for m, _ in pairs[:k])
        due = math.prod(n for _, n in pairs[k + 1 :])
        core = Dense(m * right[k], left[k] * n)
        left_alone = [Identity(done)] if done > 1 else []
        right_alone = [Identity(due)] if due > 1 else []
        factors.insert(0, Kronecker(*left_alone, core, *right_alone))
    return Product.of(*factors)


FAMILY = Family(
    name="tensor-train",
    build=build,
    least=least,
    formula="Πₖ (I ⊗ Gₖ ⊗ I)",
    source="Oseledets 2011; Novikov et al. 2015; Garipov et al. 2016",
    good_for="very large layers at few numbers, with ranks that reach any matrix",
    accepts="any shape, by default as three axes a side; least about 3 (m n)^(1/3) (ranks one)",
)
