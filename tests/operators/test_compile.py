"""Every kind whose kernels are functions of ours can be compiled whole, and exported."""

import pytest
import torch
from tests.contract.discovery import load
from tests.contract.support import close, rows

KINDS = [
    "block_circulant",
    "circulant",
    "dct",
    "diagonal",
    "fourier_filter",
    "haar",
    "hadamard",
    "hankel",
    "hartley",
    "krylov",
    "permutation",
    "sign_diagonal",
    "skew_circulant",
    "toeplitz",
]


@pytest.fixture(params=KINDS)
def operator(request: pytest.FixtureRequest):
    """The largest real example of a kind."""
    built = [case.build() for case in load(request.param)]
    real = [op for op in built if op.dtype is None or not op.dtype.is_complex]
    return max(real, key=lambda op: op.out_features * op.in_features)


def test_compiles_whole(operator) -> None:
    torch.compiler.reset()
    compiled = torch.compile(operator._matvec, fullgraph=True, backend="aot_eager")
    x = rows(operator.in_features, 3, dtype=torch.float64).requires_grad_()
    expected, given = operator(x), compiled(x)
    close(given, expected)
    weights = torch.randn_like(expected)
    leaves = [x, *operator.parameters()]
    for a, b in zip(
        torch.autograd.grad(given, leaves, weights),
        torch.autograd.grad(expected, leaves, weights),
        strict=True,
    ):
        close(a, b)


def test_exports(operator) -> None:
    x = rows(operator.in_features, 3, dtype=torch.float64)
    batch = torch.export.Dim("batch", min=2, max=64)
    program = torch.export.export(operator, (x,), dynamic_shapes=({0: batch},))
    other = rows(operator.in_features, 5, dtype=torch.float64)
    for given in (x, other):
        close(program.module()(given), operator(given))
