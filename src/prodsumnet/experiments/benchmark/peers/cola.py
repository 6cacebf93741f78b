"""cola-ml: sums and Kronecker products of matrices, and sparse matrices."""

from collections.abc import Callable

import torch
from torch import nn

from prodsumnet.experiments.benchmark.peers.peer import Function, Peer, kronecker_terms, load, own
from prodsumnet.operators import LinearOperator, Sparse

_PACKAGE = "cola-ml"


def _kronecker_sum(operator: LinearOperator) -> nn.Module:
    ops = load("cola.ops", _PACKAGE)

    def make(*numbers: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
        matrices = [ops.Dense(matrix) for matrix in numbers]
        pairs = zip(matrices[::2], matrices[1::2], strict=True)
        matrix = ops.Sum(*(ops.Kronecker(*pair) for pair in pairs))
        return lambda x: (matrix @ x.T).T

    return Function(make, kronecker_terms(operator))


def _sparse(operator: LinearOperator) -> nn.Module:
    """Return the matrix of fixed entries: it is built from a copy of them, outside of any graph."""
    if not isinstance(operator, Sparse):
        raise TypeError(f"expected a Sparse operator, got {type(operator).__name__}")
    places = operator.rows, operator.columns
    matrix = load("cola.ops", _PACKAGE).Sparse(own(operator.weight), *places, operator.shape)
    return Function(lambda: lambda x: (matrix @ x.T).T, trains=False)


PEER = Peer(_PACKAGE, {"kronecker-sum-4": _kronecker_sum, "sparse-64": _sparse})
