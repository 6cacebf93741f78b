"""pyfaust: products of sparse matrices and fast transforms, in C++ behind numpy; no gradients."""

from math import sqrt
from typing import Any

import numpy as np
import torch
from torch import nn

from prodsumnet.experiments.benchmark.peers.peer import Function, Peer, load
from prodsumnet.operators import AxisPermutation, BlockDense, LinearOperator, Product, Sparse

_PACKAGE = "pyfaust"


def _load() -> tuple[Any, Any]:
    return load("pyfaust", _PACKAGE), load("scipy.sparse", "scipy")


def _applied(faust: Any) -> nn.Module:
    def apply(x: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy((faust @ x.numpy().T).T)

    return Function(lambda: apply, trains=False)


def _hadamard(operator: LinearOperator) -> nn.Module:
    return _applied(_load()[0].wht(operator.in_features, dtype="float32"))


def _dct(operator: LinearOperator) -> nn.Module:
    """Return the orthonormal transform: pyfaust's own with one more factor, for the scale."""
    pyfaust, sparse = _load()
    size = operator.in_features
    scale = torch.full((size,), sqrt(0.5 / size))
    scale[0] /= sqrt(2)
    diagonal = sparse.diags(scale.numpy()).tocsr()
    return _applied(pyfaust.Faust(diagonal) @ pyfaust.dct(size, normed=False, dtype="float32"))


def _circulant(operator: LinearOperator) -> nn.Module:
    """Return the circulant matrix, which pyfaust holds and applies in complex128."""
    (column,) = operator.parameters()
    faust = _load()[0].circ(column.detach().double().numpy())

    def apply(x: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy((faust @ x.double().numpy().T).T.real).to(x.dtype)

    return Function(lambda: apply, trains=False)


def _factors(operator: LinearOperator) -> nn.Module:
    """Return the product of the sparse matrices that the factors are."""
    pyfaust, sparse = _load()
    factors = operator if isinstance(operator, Product) else [operator]
    return _applied(pyfaust.Faust([_matrix(factor, sparse) for factor in factors]))


def _matrix(factor: LinearOperator, sparse: Any) -> Any:
    """Return a factor as a matrix of scipy's: blocks, scattered entries or a permutation."""
    rows = np.arange(factor.out_features)
    if isinstance(factor, BlockDense):
        blocks = np.arange(factor.num_blocks + 1)
        parts = factor.weight.detach().numpy(), blocks[:-1], blocks
        return sparse.bsr_matrix(parts, shape=factor.shape).tocsr()
    if isinstance(factor, Sparse):
        places = factor.rows.numpy(), factor.columns.numpy()
        return sparse.csr_matrix((factor.weight.detach().numpy(), places), shape=factor.shape)
    if isinstance(factor, AxisPermutation):
        columns = factor(torch.arange(factor.in_features, dtype=torch.float64)).long().numpy()
        ones = np.ones(len(rows), dtype=np.float32)
        return sparse.csr_matrix((ones, (rows, columns)), shape=factor.shape)
    raise TypeError(f"pyfaust is not given a {type(factor).__name__} here")


PEER = Peer(
    _PACKAGE,
    {
        "hadamard": _hadamard,
        "dct-transform": _dct,
        "circulant-matrix": _circulant,
        "monarch-64": _factors,
        "butterfly-matrix": _factors,
        "sparse-64": _factors,
    },
)
