"""linear-operator (GPyTorch): symmetric Toeplitz matrices, and sums of Kronecker products."""

from collections.abc import Callable
from functools import reduce
from operator import add
from typing import Any

import torch
from torch import nn

from prodsumnet.experiments.benchmark.peers.peer import Function, Peer, kronecker_terms, load
from prodsumnet.operators import LinearOperator

_PACKAGE = "linear-operator"


def _rows(matrix: Any) -> Callable[[torch.Tensor], torch.Tensor]:
    return lambda x: (matrix @ x.T).T


def _toeplitz(operator: LinearOperator) -> nn.Module:
    """Return the matrix of the diagonals on and below the main one, mirrored: it is symmetric."""
    kind = load("linear_operator.operators", _PACKAGE).ToeplitzLinearOperator
    (diagonals,) = operator.parameters()
    column = diagonals[operator.in_features - 1 :]
    return Function(lambda column: _rows(kind(column)), [column])


def _kronecker_sum(operator: LinearOperator) -> nn.Module:
    operators = load("linear_operator.operators", _PACKAGE)

    def make(*numbers: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
        matrices = [operators.DenseLinearOperator(matrix) for matrix in numbers]
        pairs = zip(matrices[::2], matrices[1::2], strict=True)
        return _rows(reduce(add, (operators.KroneckerProductLinearOperator(*p) for p in pairs)))

    return Function(make, kronecker_terms(operator))


PEER = Peer(_PACKAGE, {"toeplitz-matrix": _toeplitz, "kronecker-sum-4": _kronecker_sum})
