"""pyfaust: products of sparse matrices and fast transforms, in C++ behind numpy; no gradients."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from prodsumnet.experiments.benchmark.peers.peer import Function, Peer, load
from prodsumnet.operators import LinearOperator, Product

_PACKAGE = "pyfaust"


def _applied(faust: Any) -> nn.Module:
    return Function(lambda x: torch.from_numpy((faust @ x.numpy().T).T))


def _transform(name: str) -> Callable[[LinearOperator], nn.Module]:
    def build(operator: LinearOperator) -> nn.Module:
        return _applied(
            getattr(load("pyfaust", _PACKAGE), name)(operator.in_features, dtype="float32")
        )

    return build


def _circulant(operator: LinearOperator) -> nn.Module:
    """Return the circulant matrix, which pyfaust holds and applies in complex128."""
    (column,) = operator.parameters()
    faust = load("pyfaust", _PACKAGE).circ(column.detach().double().numpy())
    return Function(lambda x: torch.from_numpy((faust @ x.double().numpy().T).T.real).to(x.dtype))


def _factors(operator: LinearOperator) -> nn.Module:
    """Return the product of the sparse matrices that the factors are."""
    pyfaust, sparse = load("pyfaust", _PACKAGE), load("scipy.sparse", "scipy")
    factors = operator if isinstance(operator, Product) else [operator]
    with torch.no_grad():
        matrices = [
            sparse.csr_matrix(f.to_dense(torch.float32 if f.dtype is None else None).numpy())
            for f in factors
        ]
    return _applied(pyfaust.Faust(matrices))


PEER = Peer(
    _PACKAGE,
    {
        "hadamard": _transform("wht"),
        "dct-transform": _transform("dct"),
        "circulant-matrix": _circulant,
        "monarch-64": _factors,
        "butterfly-matrix": _factors,
        "sparse-64": _factors,
    },
    trains=False,
)
