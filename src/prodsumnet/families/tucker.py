"""Tucker decomposition of a weight seen as a tensor: a small core, and a matrix for each axis.

Options ``out_sizes`` and ``in_sizes`` say how outputs and inputs are seen as tensors, such as
``(64,)`` and ``(32, 3, 3)`` for the kernel matrix of a convolution; by default, each as two axes of
about equal length, padded by less than a slice where they have no such factors. An axis whose rank
is its size needs no matrix.
"""

import math

from prodsumnet.families.cp import Sizes, axes
from prodsumnet.families.dials import grow
from prodsumnet.families.family import Family
from prodsumnet.families.shapes import fitted
from prodsumnet.operators import Dense, Identity, Kronecker, LinearOperator, Product


def _count(
    m: int, n: int, rows: tuple[int, ...], columns: tuple[int, ...], ranks: list[int]
) -> int:
    outer, inner = ranks[: len(rows)], ranks[len(rows) :]
    matrices = sum(s * r for s, r in zip(rows + columns, ranks, strict=True) if r < s)
    return matrices + _side(m, rows, outer) * _side(n, columns, inner)


def _side(features: int, sizes: tuple[int, ...], ranks: list[int]) -> int:
    """Return a side of the core, which without matrices needs no padding."""
    return features if ranks == list(sizes) else math.prod(ranks)


def least(
    out_features: int, in_features: int, out_sizes: Sizes = None, in_sizes: Sizes = None
) -> int:
    """Return the numbers of ranks one."""
    rows, columns = (
        axes("out_sizes", out_sizes, out_features),
        axes("in_sizes", in_sizes, in_features),
    )
    return _count(out_features, in_features, rows, columns, [1] * len(rows + columns))


def build(
    out_features: int,
    in_features: int,
    budget: int,
    seed: int,
    out_sizes: Sizes = None,
    in_sizes: Sizes = None,
) -> LinearOperator:
    """Return the decomposition of about equal ranks within the budget."""
    rows, columns = (
        axes("out_sizes", out_sizes, out_features),
        axes("in_sizes", in_sizes, in_features),
    )
    m, n = out_features, in_features
    ranks = list(rows + columns)
    if budget < m * n:
        ranks = grow(ranks, lambda ranks: _count(m, n, rows, columns, ranks) <= budget)
    outer, inner = ranks[: len(rows)], ranks[len(rows) :]
    factors: list[LinearOperator] = [Dense(_side(m, rows, outer), _side(n, columns, inner))]
    if outer != list(rows):
        factors.insert(0, _matrices(rows, outer).T)
    if inner != list(columns):
        factors.append(_matrices(columns, inner))
    operator = Product.of(*factors)
    return fitted(operator, m, n)


def _matrices(sizes: tuple[int, ...], ranks: list[int]) -> LinearOperator:
    """Return the matrices that reduce each axis to its rank."""
    factors = [Dense(r, s) if r < s else Identity(s) for s, r in zip(sizes, ranks, strict=True)]
    return Kronecker(*factors) if len(factors) > 1 else factors[0]


FAMILY = Family(
    name="tucker",
    build=build,
    least=least,
    formula="(U₁ ⊗ U₂) G (V₁ ⊗ V₂)ᵀ",
    source="Tucker 1966; Kolda & Bader 2009; Kim et al. 2016",
    good_for="convolutions, whose channels it reduces before and after a small kernel",
    accepts="any shape, by default as two axes a side; least about 2 √m + 2 √n + 1 (ranks one)",
)
