"""Operators to be measured as linear layers: every family, and those that peers have too."""

from collections.abc import Callable, Mapping
from math import isqrt

import torch
from torch import nn

from prodsumnet import families
from prodsumnet.evaluation import check_strategy
from prodsumnet.experiments.benchmark.case import AUTO, Case, Subject
from prodsumnet.experiments.benchmark.nested import nested, product_of_sums
from prodsumnet.nn import Linear
from prodsumnet.operators import (
    DCT,
    BlockCirculant,
    Circulant,
    Dense,
    Hadamard,
    LinearOperator,
    Toeplitz,
    stacked_kronecker_sum,
)

SIZES = 256, 1024, 4096
BATCHES = 1, 32, 256

_KERNEL = 25
_NUMBERS: Mapping[str, Callable[[int], int]] = {
    "acdc": lambda n: 4 * n,
    "butterfly": lambda n: 2 * n * (n - 1).bit_length(),
    "cellular": lambda n: 2 * _KERNEL,
    "circulant": lambda n: n,
    "convolution": lambda n: _KERNEL,
    "cp": lambda n: 4 * n,
    "dct": lambda n: n,
    "deformable-butterfly": lambda n: 2 * n * (n - 1).bit_length(),
    "diagonal": lambda n: n,
    "diffractive": lambda n: 4 * n,
    "dilated-convolution": lambda n: _KERNEL,
    "fastfood": lambda n: 3 * n,
    "fourier": lambda n: n,
    "givens": lambda n: n,
    "hankel": lambda n: 2 * n - 1,
    "kronecker": lambda n: 2 * n,
    "kronecker-sum": lambda n: 8 * n,
    "low-displacement-rank": lambda n: 4 * n,
    "monarch": lambda n: 2 * n * isqrt(n),
    "optical-correlator": lambda n: 2 * n,
    "tensor-train": lambda n: 4 * n,
    "toeplitz": lambda n: 2 * n - 1,
}
"""Numbers of one natural term; a family that is not here has blocks, rows or ranks of about √n."""


def natural_budget(family: str, size: int) -> int:
    """Return the budget at which a family is measured: what is typical of it, else ``n √n``.

    Parameters
    ----------
    family : str
        Its name.
    size : int
        Features ``n`` on both sides.
    """
    wanted = _NUMBERS.get(family, lambda n: n * isqrt(n))(size)
    return max(wanted, families.get(family).least(size, size))


def family_cases() -> list[Case]:
    """Return every family at its natural budget."""

    def builder(name: str) -> Callable[[int], Subject]:
        def build(size: int) -> Subject:
            budget = natural_budget(name, size)
            return linear_subject(families.build(name, size, size, budget))

        return build

    return [Case(name, builder(name), SIZES, BATCHES, family=True) for name in families.names()]


def operator_cases() -> list[Case]:
    """Return the operators of the literature that peers implement, and a nested formula."""
    operators: dict[str, Callable[[int], LinearOperator]] = {
        "kronecker-sum-4": _kronecker_sum,
        "monarch-64": lambda n: families.build("monarch", n, n, 128 * n),
        "hadamard": Hadamard,
        "dct-transform": DCT,
        "circulant-matrix": Circulant,
        "toeplitz-matrix": lambda n: Toeplitz(n, n),
        "block-circulant-64": lambda n: BlockCirculant(n // 64, n // 64, 64),
        "fastfood-matrix": lambda n: families.build("fastfood", n, n, 3 * n),
        "butterfly-matrix": lambda n: families.build(
            "butterfly", n, n, natural_budget("butterfly", n)
        ),
        "cp-64": lambda n: families.build("cp", n, n, 64 * 4 * isqrt(n)),
        "tucker-quarter": _tucker,
        "sparse-64": lambda n: families.build("sparse", n, n, n * n // 64),
    }
    cases = [
        Case(name, lambda n, build=build: linear_subject(build(n)), (4096,), BATCHES)
        for name, build in operators.items()
    ]
    return [*cases, Case("product-of-sums", _nested_subject, (256,), (1,))]


def linear_subject(
    operator: LinearOperator, rivals: Mapping[str, nn.Module] | None = None
) -> Subject:
    """Return an operator as a layer without bias beside torch's, both of the operator's dtype."""
    out_features, in_features = operator.shape
    with torch.no_grad():
        dtype = operator(torch.zeros(1, in_features)).dtype

    def layer(strategy: str) -> Linear:
        name = check_strategy(strategy)
        return Linear(in_features, out_features, operator, bias=False, strategy=name)

    return Subject(
        operator=operator,
        baseline=nn.Linear(in_features, out_features, bias=False, dtype=dtype),
        layer=layer,
        explain=layer(AUTO).explain,
        sample=lambda batch: (batch, in_features),
        cost=operator.cost,
        dtype=dtype,
        rivals=rivals or {},
    )


def _kronecker_sum(size: int) -> LinearOperator:
    side = isqrt(size)
    operator = stacked_kronecker_sum(Dense(side, 4 * side), Dense(4 * side, side), 4)
    operator.reset_parameters()
    return operator


def _tucker(size: int) -> LinearOperator:
    side = isqrt(size)
    rank = max(1, side // 4)
    return families.build("tucker", size, size, 4 * side * rank + rank**4)


def _nested_subject(size: int) -> Subject:
    operator = product_of_sums(size)
    return linear_subject(operator, {"nested modules": nested(operator)})
