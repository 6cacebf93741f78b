"""cola-ml: sums and Kronecker products of matrices, and sparse matrices."""

import torch
from torch import nn

from prodsumnet.experiments.benchmark.peers.peer import Function, Peer, kronecker_terms, load
from prodsumnet.operators import LinearOperator, Sparse

_PACKAGE = "cola-ml"


def _kronecker_sum(operator: LinearOperator) -> nn.Module:
    ops = load("cola.ops", _PACKAGE)

    def apply(x: torch.Tensor, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        terms = (
            ops.Kronecker(ops.Dense(a), ops.Dense(b)) for a, b in zip(left, right, strict=True)
        )
        return (ops.Sum(*terms) @ x.T).T

    return Function(apply, kronecker_terms(operator))


def _sparse(operator: LinearOperator) -> nn.Module:
    if not isinstance(operator, Sparse):
        raise TypeError(f"expected a Sparse operator, got {type(operator).__name__}")
    ops = load("cola.ops", _PACKAGE)
    counts = torch.bincount(operator.rows, minlength=operator.out_features)
    starts = torch.cat((counts.new_zeros(1), counts.cumsum(0)))
    columns, shape = operator.columns, tuple(operator.shape)

    def apply(x: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        return (ops.Sparse(values, columns, starts, shape) @ x.T).T

    return Function(apply, [operator.weight])


PEER = Peer(_PACKAGE, {"kronecker-sum-4": _kronecker_sum, "sparse-64": _sparse})
