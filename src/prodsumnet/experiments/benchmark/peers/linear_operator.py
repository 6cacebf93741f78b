"""linear-operator (GPyTorch): symmetric Toeplitz matrices, and sums of Kronecker products."""

from functools import reduce
from operator import add

import torch
from torch import nn

from prodsumnet.experiments.benchmark.peers.peer import Function, Peer, kronecker_terms, load
from prodsumnet.operators import LinearOperator

_PACKAGE = "linear-operator"


def _toeplitz(operator: LinearOperator) -> nn.Module:
    """Return the matrix of the diagonals on and below the main one, mirrored: it is symmetric."""
    kind = load("linear_operator.operators", _PACKAGE).ToeplitzLinearOperator
    (diagonals,) = operator.parameters()
    column = diagonals[operator.in_features - 1 :]
    return Function(lambda x, column: (kind(column) @ x.T).T, [column])


def _kronecker_sum(operator: LinearOperator) -> nn.Module:
    operators = load("linear_operator.operators", _PACKAGE)

    def apply(x: torch.Tensor, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        terms = (
            operators.KroneckerProductLinearOperator(*map(operators.DenseLinearOperator, pair))
            for pair in zip(left, right, strict=True)
        )
        return (reduce(add, terms) @ x.T).T

    return Function(apply, kronecker_terms(operator))


PEER = Peer(_PACKAGE, {"toeplitz-matrix": _toeplitz, "kronecker-sum-4": _kronecker_sum})
