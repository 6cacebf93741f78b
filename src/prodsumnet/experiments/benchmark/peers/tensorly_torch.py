"""tensorly-torch: factorised linear and convolution layers, contracted factor by factor."""

from collections.abc import Sequence
from math import isqrt
from typing import Any

import torch
from torch import nn

from prodsumnet.experiments.benchmark.peers.peer import Peer, kronecker_terms, load, own
from prodsumnet.operators import LinearOperator

_PACKAGE = "tensorly-torch"


def _load() -> Any:
    return load("tltorch", _PACKAGE)


def _linear(sides: tuple[int, int], factorization: str, rank: Any) -> Any:
    return _load().FactorizedLinear(
        sides, sides, bias=False, factorization=factorization, rank=rank
    )


def _fill(targets: Sequence[torch.Tensor], numbers: Sequence[torch.Tensor]) -> None:
    """Copy numbers into those of a layer.

    Raises
    ------
    ValueError
        If there are more of one than of the other.
    """
    with torch.no_grad():
        for target, source in zip(targets, numbers, strict=True):
            target.copy_(own(source).view_as(target))


def _kronecker_sum(operator: LinearOperator) -> nn.Module:
    matrices = kronecker_terms(operator)
    left, right = torch.stack(matrices[::2]), torch.stack(matrices[1::2])
    terms, side, _ = left.shape
    layer = _linear((side, side), "BlockTT", (1, terms, 1))
    _fill(list(layer.weight.factors), [left.permute(1, 2, 0), right])
    return layer


def _cp(operator: LinearOperator) -> nn.Module:
    factors = list(operator.parameters())
    rank, side = factors[0].shape
    layer = _linear((side, side), "CP", rank)
    _fill(
        [layer.weight.weights, *layer.weight.factors],
        [torch.ones(rank), *(factor.T for factor in factors)],
    )
    return layer


def _tucker(operator: LinearOperator) -> nn.Module:
    first, second, core, third, fourth = operator.parameters()
    rank, side = first.shape
    layer = _linear((side, side), "Tucker", (rank,) * 4)
    _fill(
        [layer.weight.core, *layer.weight.factors],
        [core, *(factor.T for factor in (first, second, third, fourth))],
    )
    return layer


def _convolution(factorization: str, channels: tuple[int, int], rank: Any) -> Any:
    size = 5
    return _load().FactorizedConv(
        channels[1],
        channels[0],
        kernel_size=size,
        order=2,
        padding=size // 2,
        factorization=factorization,
        rank=rank,
        implementation="factorized",
    )


def _convolution_cp(operator: LinearOperator) -> nn.Module:
    factors = list(operator.parameters())
    rank, outputs = factors[0].shape
    layer = _convolution("cp", (outputs, factors[1].shape[1]), rank)
    _fill(
        [layer.weight.weights, *layer.weight.factors],
        [torch.ones(rank), *(factor.T for factor in factors)],
    )
    return layer


def _convolution_tucker(operator: LinearOperator) -> nn.Module:
    outer, core, inner = operator.parameters()
    size = isqrt(core.shape[1] // inner.shape[0])
    layer = _convolution(
        "tucker", (len(outer), inner.shape[1]), (len(core), len(inner), size, size)
    )
    eye = torch.eye(size)
    _fill([layer.weight.core, *layer.weight.factors], [core, outer, inner.T, eye, eye])
    return layer


PEER = Peer(
    _PACKAGE,
    {
        "kronecker-sum-4": _kronecker_sum,
        "cp-64": _cp,
        "tucker-quarter": _tucker,
        "convolution-cp-32": _convolution_cp,
        "convolution-tucker-16": _convolution_tucker,
    },
)
