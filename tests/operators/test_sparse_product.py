"""Sparse products: every width of batch, each gradient, and gradients of these."""

import pytest
import torch

from prodsumnet import operators as ops
from prodsumnet.operators.shared_product import shared_product, summed_products
from prodsumnet.operators.sparse_product import sparse_product, transposed

DOUBLE = torch.float64


@pytest.fixture
def matrix() -> ops.Sparse:
    return ops.Sparse(6, 5, 11, seed=3, dtype=DOUBLE)


@pytest.mark.parametrize("batch", [0, 1, 3, 4, 5, 8, 33])
def test_any_number_of_columns(matrix: ops.Sparse, batch: int) -> None:
    dense, pattern = matrix.to_dense(), matrix._pattern
    x = torch.randn(5, batch, dtype=DOUBLE, requires_grad=True)
    y = sparse_product(matrix.weight, x, pattern)
    direction = torch.randn(6, batch, dtype=DOUBLE)
    found = torch.autograd.grad(y, [x, matrix.weight], direction)
    wanted = torch.autograd.grad(dense @ x, [x, matrix.weight], direction)
    torch.testing.assert_close(y, dense @ x)
    torch.testing.assert_close(found, wanted)
    turned = sparse_product(matrix.weight[matrix.by_column], direction, transposed(pattern))
    torch.testing.assert_close(turned, dense.mT @ direction)


@pytest.mark.parametrize("batch", [2, 6])
@pytest.mark.parametrize("kind", [DOUBLE, torch.complex128])
def test_gradients_of_gradients(matrix: ops.Sparse, batch: int, kind: torch.dtype) -> None:
    weight = torch.randn(11, dtype=kind, requires_grad=True)
    x = torch.randn(5, batch, dtype=kind, requires_grad=True)

    def product(weight: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return sparse_product(weight, x, matrix._pattern)

    assert torch.autograd.gradcheck(product, (weight, x))
    assert torch.autograd.gradgradcheck(product, (weight, x))


@pytest.mark.parametrize("kind", [DOUBLE, torch.complex128])
def test_gradients_of_one_matrix_times_many(kind: torch.dtype) -> None:
    matrix = torch.randn(3, 4, dtype=kind, requires_grad=True)
    x = torch.randn(2, 4, 5, dtype=kind, requires_grad=True)
    torch.testing.assert_close(shared_product(matrix, x), matrix @ x)
    assert torch.autograd.gradcheck(shared_product, (matrix, x))
    assert torch.autograd.gradgradcheck(shared_product, (matrix, x))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.complex64])
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (40, 3, 4, 5), (40, 90, 80, 2)])
def test_sums_of_few_and_of_many_products(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    count, rows, columns, inner = shape
    grad, x = (
        torch.randn(count, rows, inner).to(dtype),
        torch.randn(count, columns, inner).to(dtype),
    )
    found = summed_products(grad, x)
    assert found.dtype == dtype
    wide = torch.promote_types(dtype, torch.float64)
    expected = torch.einsum("chb,cwb->hw", grad.to(wide), x.to(wide).conj())
    tolerance = 0.02 if dtype == torch.bfloat16 else 1e-5
    assert (found.to(wide) - expected).norm() < tolerance * expected.norm()


KINDS = {
    "sparse": lambda: ops.Sparse(8, 8, 20),
    "signs": lambda: ops.SparseSigns(8, 8, 2),
    "sketch": lambda: ops.CountSketch(8, 4),
    "graph": lambda: ops.NearestNeighbours(8, None, edges=((0, 1), (3, 5))),
    "banded": lambda: ops.Banded(8, 8, 2, 1),
    "kronecker": lambda: ops.kron(ops.Dense(2, 2), ops.Dense(4, 4)),
}


@pytest.mark.parametrize("name", KINDS)
def test_they_compile(name: str) -> None:
    operator = KINDS[name]()
    for apply, size in (
        (operator._matvec, operator.in_features),
        (operator._rmatvec, operator.out_features),
    ):
        torch._dynamo.reset()
        x = torch.randn(20, size, requires_grad=True)
        compiled = torch.compile(apply, fullgraph=True, backend="aot_eager")
        leaves = [x, *operator.parameters()]
        found, wanted = (
            torch.autograd.grad(f(x).square().sum(), leaves) for f in (compiled, apply)
        )
        torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision(name: str, dtype: torch.dtype) -> None:
    operator = KINDS[name]().to(dtype)
    x = torch.randn(9, operator.in_features).to(dtype)
    y = operator(x)
    assert y.dtype == dtype
    expected = x.float() @ operator.to_dense().float().mT
    torch.testing.assert_close(y.float(), expected, rtol=0.05, atol=0.05)


def test_function_transforms_may_be_nested() -> None:
    """As fits take the derivative in the numbers, as the adjoint of its adjoint."""
    torch.manual_seed(0)
    operator = ops.Sparse(7, 5, 12, 1, dtype=torch.float64)
    x = torch.randn(9, 5, dtype=torch.float64)

    def outputs(weight: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(operator, {"weight": weight}, (x,))

    weight, step = operator.weight.detach(), torch.randn(12, dtype=torch.float64)
    result, back = torch.func.vjp(outputs, weight)
    forward = torch.func.vjp(lambda y: back(y)[0], torch.zeros_like(result))[1]
    found = torch.func.vmap(lambda s: forward(s)[0])(torch.stack([step, 2 * step]))
    expected = outputs(step)
    torch.testing.assert_close(found, torch.stack([expected, 2 * expected]))
