"""Convolutions to be measured, each with a kernel matrix of few numbers or a large kernel."""

from collections.abc import Callable
from typing import Any

from torch import nn

from prodsumnet import families
from prodsumnet.experiments.benchmark.case import AUTO, Case, Subject
from prodsumnet.nn import Conv2d
from prodsumnet.operators import (
    BlockDense,
    Cost,
    Dense,
    Identity,
    Kronecker,
    LinearOperator,
    Product,
)

_IN, _OUT, _KERNEL = 32, 64, 5
_LARGE_CHANNELS, _LARGE_KERNEL = 16, 31


def convolution_cases() -> list[Case]:
    """Return convolutions of 5×5 with structured kernels, and one of 31×31; sizes are of images."""
    small: dict[str, Callable[[], LinearOperator]] = {
        "convolution-separable": _separable,
        "convolution-cp-32": _cp,
        "convolution-tucker-16": _tucker,
    }
    cases = [
        Case(name, lambda size, build=build: _subject(build(), _IN, _KERNEL, size), (14,), (64,))
        for name, build in small.items()
    ]
    return [*cases, Case("convolution-31", _large, (64,), (8,))]


def _separable() -> LinearOperator:
    return Dense(_OUT, _IN) @ BlockDense(_IN, 1, _KERNEL**2)


def _cp() -> LinearOperator:
    sizes = (_OUT,), (_IN, _KERNEL, _KERNEL)
    rank = 32
    return families.build(
        "cp",
        _OUT,
        _IN * _KERNEL**2,
        rank * (_OUT + _IN + 2 * _KERNEL),
        out_sizes=sizes[0],
        in_sizes=sizes[1],
    )


def _tucker() -> LinearOperator:
    rank = 16
    return Product(
        Dense(_OUT, rank),
        Dense(rank, rank * _KERNEL**2),
        Kronecker(Dense(rank, _IN), Identity(_KERNEL**2)),
    )


def _large(size: int) -> Subject:
    operator = Dense(_LARGE_CHANNELS, _LARGE_CHANNELS * _LARGE_KERNEL**2)
    return _subject(operator, _LARGE_CHANNELS, _LARGE_KERNEL, size)


def _subject(operator: LinearOperator, channels: int, kernel: int, size: int) -> Subject:
    """Return a convolution that keeps the size of images, beside torch's, both in channels-last."""
    operator.reset_parameters()
    arguments = channels, operator.out_features, kernel

    def layer(strategy: str) -> Conv2d:
        options: Any = {"padding": kernel // 2, "bias": False, "strategy": strategy}
        return Conv2d(*arguments, operator, **options)

    def cost(batch: int) -> Cost:
        # What the images take apart, a convolution is one product for each position.
        return operator.cost(batch * size**2)

    return Subject(
        operator=operator,
        baseline=nn.Conv2d(*arguments, padding=kernel // 2, bias=False),
        layer=layer,
        explain=lambda batch, gradients: layer(AUTO).explain(batch, size, gradients),
        sample=lambda batch: (batch, channels, size, size),
        cost=cost,
    )
