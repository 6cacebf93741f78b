"""An operator is the matrix that its oracle computes, seen from every side."""

import pytest
import torch
from tests.contract.case import Case
from tests.contract.support import assert_type, close, dense, rows, times, wide

from prodsumnet.operators import LinearOperator


def test_applies_the_matrix(case: Case, operator: LinearOperator) -> None:
    matrix = dense(case, operator)
    for dtype in {wide(operator), torch.complex128}:
        x = rows(operator.in_features, 4, dtype=dtype)
        y = operator(x)
        close(y, times(matrix, x))
        assert_type(y, operator, x)


def test_applies_the_adjoint(case: Case, operator: LinearOperator) -> None:
    matrix = dense(case, operator)
    assert operator.H.shape == operator.shape[::-1]
    for dtype in {wide(operator), torch.complex128}:
        y = rows(operator.out_features, 4, dtype=dtype)
        x = operator.H(y)
        close(x, times(matrix.mH, y))
        assert_type(x, operator, y)


def test_applies_the_transpose(case: Case, operator: LinearOperator) -> None:
    matrix = dense(case, operator)
    y = rows(operator.out_features, 4)
    close(operator.T(y), times(matrix.mT, y))
    x = rows(operator.in_features, 4)
    close(operator.T.H(x), times(matrix.conj(), x))
    close(operator.H.T(x), times(matrix.conj(), x))


def test_gives_the_dense_matrix(case: Case, operator: LinearOperator) -> None:
    matrix = dense(case, operator)
    dtype = None if operator.dtype else torch.float64
    for view, expected in (
        (operator, matrix),
        (operator.H, matrix.mH),
        (operator.T, matrix.mT),
        (operator.T.H, matrix.conj()),
    ):
        given = view.to_dense(dtype)
        assert given.shape == view.shape
        assert given.dtype == matrix.dtype
        close(given, expected)
    assert operator.to_dense(torch.complex64).dtype == torch.complex64
    close(operator.to_dense(torch.complex64), matrix, 1e-5)


def test_dense_matrix_by_application(case: Case, operator: LinearOperator) -> None:
    """The generic path, which a kind's own shortcut hides."""
    given = LinearOperator._to_dense(operator, wide(operator), torch.device("cpu"))
    close(given, dense(case, operator))


def test_columns_as_rows(operator: LinearOperator) -> None:
    """Features first or last, it is one map, with one gradient."""
    leaves = list(operator.parameters())
    for side in (operator, operator.H, operator.T):
        for dtype in {wide(operator), torch.complex128}:
            x = rows(side.in_features, 5, dtype=dtype).requires_grad_()
            results = side._matmat(x.mT).mT, side._matvec(x)
            close(*results)
            assert results[0].dtype == results[1].dtype
            if not results[1].requires_grad:
                continue
            weights = torch.randn_like(results[1])
            found, wanted = (
                torch.autograd.grad(y, [x, *leaves], weights, allow_unused=True) for y in results
            )
            for a, b in zip(found, wanted, strict=True):
                assert (a is None) == (b is None)
                if a is not None:
                    close(a, b)


def test_adjoint_identity(operator: LinearOperator) -> None:
    x, y = rows(operator.in_features, 5), rows(operator.out_features, 5)
    left = torch.linalg.vecdot(y, operator(x))
    right = torch.linalg.vecdot(operator.H(y), x)
    close(left, right)
    assert left.abs().min() >= 0


def test_adjoint_and_transpose_are_involutions(operator: LinearOperator) -> None:
    # An adjoint's adjoint is what it wraps, of which it is then one view among many.
    assert operator.H.H is operator or operator.H.H.H is operator.H
    assert operator.T.T is operator or operator.T.T.T is operator.T
    for view in (operator.H, operator.T):
        assert {id(p) for p in view.parameters()} == {id(p) for p in operator.parameters()}


def test_linear_in_the_input(operator: LinearOperator) -> None:
    x, y = rows(operator.in_features, 3), rows(operator.in_features, 3)
    a, b = 0.3 - 1.1j, 2j
    close(operator(a * x + b * y), a * operator(x) + b * operator(y))


def test_linear_in_the_numbers(case: Case, operator: LinearOperator) -> None:
    dtype = None if operator.dtype else torch.float64
    first = [p.detach().clone() for p in operator.parameters()]
    start = operator.to_dense(dtype).detach().clone()
    second = [torch.randn_like(p) for p in first]

    def at(share: float) -> torch.Tensor:
        with torch.no_grad():
            for p, a, b in zip(operator.parameters(), first, second, strict=True):
                p.copy_((1 - share) * a + share * b)
        return operator.to_dense(dtype).detach().clone()

    end = at(1.0)
    middle = at(-0.7)
    if case.linear:
        close(middle, 1.7 * start - 0.7 * end)
    elif operator.dtype is not None and not operator.dtype.is_complex:
        # A case that says it is not linear must not be, or it hides from this test.
        assert not torch.allclose(middle, 1.7 * start - 0.7 * end, rtol=1e-3, atol=1e-3)


def test_leading_dimensions(case: Case, operator: LinearOperator) -> None:
    for side, matrix in ((operator, dense(case, operator)), (operator.H, None)):
        x = rows(side.in_features, 2, 3, 2, dtype=wide(operator))
        y = side(x)
        assert y.shape == (2, 3, 2, side.out_features)
        if matrix is not None:
            close(y, times(matrix, x))
        for lead in ((0,), (0, 0), (0, 0, 0)):
            close(side(x[lead]), y[lead])


@pytest.mark.parametrize("lead", [(0,), (2, 0), (0, 3, 2)])
def test_empty_batches(operator: LinearOperator, lead: tuple[int, ...]) -> None:
    for side in (operator, operator.H):
        x = rows(side.in_features, *lead, dtype=wide(operator)).requires_grad_()
        y = side(x)
        assert y.shape == (*lead, side.out_features)
        leaves = [x, *operator.parameters()]
        if y.requires_grad:
            gradients = torch.autograd.grad(y.abs().sum(), leaves, allow_unused=True)
            for leaf, gradient in zip(leaves, gradients, strict=True):
                assert gradient is None or gradient.shape == leaf.shape
            for gradient in gradients[1:]:
                assert gradient is not None
                assert not gradient.any()


def test_memory_layouts(case: Case, operator: LinearOperator) -> None:
    matrix = dense(case, operator)
    n, dtype = operator.in_features, wide(operator)
    layouts = {
        "transposed": rows(4, n, dtype=dtype).mT,
        "strided": rows(2 * n, 4, dtype=dtype)[:, ::2],
        "expanded": rows(n, 1, dtype=dtype).expand(4, n),
        "same number everywhere": rows(1, 4, dtype=dtype).expand(4, n),
        "flipped": rows(n, 4, dtype=dtype).flip(0)[1:],
        "permuted": rows(n, 3, 2, dtype=dtype).transpose(0, 1),
    }
    for x in layouts.values():
        before = x.clone()
        close(operator(x), times(matrix, x))
        assert torch.equal(x, before)
    for y in (rows(4, operator.out_features).mT, rows(1, 4).expand(4, operator.out_features)):
        close(operator.H(y), times(matrix.mH, y))
    lazy = rows(n, 3).conj()
    close(operator(lazy), times(matrix, lazy.resolve_conj()))


def test_single_precision(case: Case, operator: LinearOperator) -> None:
    dtype = wide(operator)
    half = torch.complex64 if dtype.is_complex else torch.float32
    matrix = dense(case, operator)
    if all(p.is_complex() == dtype.is_complex for p in operator.parameters()):
        operator = operator.to(half)
    else:
        operator = operator.float() if not dtype.is_complex else operator.to(torch.complex64)
    for side, expected in ((operator, matrix), (operator.H, matrix.mH)):
        x = rows(side.in_features, 5, dtype=half)
        y = side(x)
        assert_type(y, operator, x)
        close(y.to(torch.complex128), times(expected, x.to(torch.complex128)), 1e-5)
