"""A deep product of sums, and the same as one would nest it in plain modules."""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from prodsumnet.operators import (
    Dense,
    Diagonal,
    LinearOperator,
    LowRank,
    Permutation,
    Product,
    SignDiagonal,
    Sum,
)

DEPTH = 5
_RANK = 4


def product_of_sums(size: int) -> LinearOperator:
    """Return a product of five sums, each a permuted diagonal, a low rank and random signs.

    Parameters
    ----------
    size : int
        Features on both sides.
    """
    sums = [
        Sum(
            Diagonal(size) @ Permutation(size, seed),
            LowRank(size, size, _RANK),
            SignDiagonal(size, seed),
        )
        for seed in range(DEPTH)
    ]
    operator = Product(*sums)
    operator.reset_parameters()
    return operator


def nested(operator: LinearOperator) -> nn.Module:
    """Return the same expression in plain modules, over the same numbers.

    Parameters
    ----------
    operator : LinearOperator
        As from `product_of_sums`.
    """
    if isinstance(operator, Product):
        return nn.Sequential(*(nested(factor) for factor in reversed(list(operator))))
    if isinstance(operator, Sum):
        return _Terms([nested(term) for term in operator])
    if isinstance(operator, Diagonal | Dense):
        return _Multiply(operator.weight)
    if isinstance(operator, Permutation):
        columns = operator(torch.arange(operator.in_features, dtype=torch.float64)[None])[0]
        return _Pick(columns.long())
    return _Multiply(operator(torch.ones(1, operator.in_features))[0])


class _Terms(nn.Module):
    def __init__(self, terms: Sequence[nn.Module]) -> None:
        super().__init__()
        self.terms = nn.ModuleList(terms)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first, *others = self.terms
        y = first(x)
        for term in others:
            y = y + term(x)
        return y


class _Multiply(nn.Module):
    """By a matrix, or entry by entry by a vector."""

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.linear(x, self.weight) if self.weight.dim() == 2 else x * self.weight


class _Pick(nn.Module):
    def __init__(self, columns: torch.Tensor) -> None:
        super().__init__()
        self.columns = columns

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, self.columns]
