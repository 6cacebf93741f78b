"""Matrices of trains of stages, against products of the stages' matrices."""

import itertools

import pytest
import torch

from prodsumnet import operators as ops
from prodsumnet.operators.kronecker_train import stage, train_matrix

WIDE, COMPLEX = torch.float64, torch.complex128
CPU = torch.device("cpu")


def train(*dtypes: torch.dtype) -> list[ops.LinearOperator]:
    """Outputs 2, 3 and 5, inputs 3, 2 and 4, ranks 4 and 6."""
    first, second, third = dtypes
    return [
        ops.kron(ops.Identity(6), ops.Dense(5, 6 * 4, dtype=third)),
        ops.kron(ops.Identity(2), ops.Dense(3 * 6, 4 * 2, dtype=second), ops.Identity(4)),
        ops.kron(ops.Dense(2 * 4, 3, dtype=first), ops.Identity(8)),
    ]


@pytest.mark.parametrize("dtypes", list(itertools.product([WIDE, COMPLEX], repeat=3)))
def test_trains(dtypes: tuple[torch.dtype, ...]) -> None:
    torch.manual_seed(0)
    factors = train(*dtypes)
    expected = torch.eye(30, dtype=COMPLEX)
    for factor in factors:
        expected = expected @ factor.to_dense().to(COMPLEX)
    found = train_matrix(factors, WIDE, CPU)
    assert found is not None
    assert found.is_complex() == (COMPLEX in dtypes)
    torch.testing.assert_close(found.to(COMPLEX), expected)
    torch.testing.assert_close(ops.Product(*factors).to_dense().to(COMPLEX), expected)


def test_gradients() -> None:
    operator = ops.Product(*train(WIDE, WIDE, WIDE))
    weights, goal = list(operator.parameters()), torch.randn(30, 24, dtype=WIDE)
    found = torch.autograd.grad((operator.to_dense() * goal).sum(), weights)
    applied = operator(torch.eye(24, dtype=WIDE)).mT
    expected = torch.autograd.grad((applied * goal).sum(), weights)
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_what_is_no_train() -> None:
    a, b = ops.Dense(4, 4, dtype=WIDE), ops.Identity(2)
    left, right = ops.kron(b, a), ops.kron(a, b)
    small = ops.kron(ops.Identity(4), ops.Dense(2, 2, dtype=WIDE))
    for factors in (
        [a, a],
        [left, ops.Circulant(8, dtype=WIDE)],
        [ops.kron(b, ops.Circulant(4, dtype=WIDE)), right],
        [right, left],
        [left, left],
        [left, small],
        [ops.kron(a, a), ops.Dense(16, 16, dtype=WIDE)],
    ):
        assert train_matrix(factors, WIDE, CPU) is None
    assert train_matrix([left, right], WIDE, CPU) is not None
    assert train_matrix([left, ops.Dense(8, 3, dtype=WIDE)], WIDE, CPU) is not None


def test_stages() -> None:
    a, b = ops.Dense(2, 3), ops.Circulant(4)
    assert stage(a) == (1, a, 1)
    assert stage(ops.kron(ops.Identity(2), b, ops.Identity(3), ops.Identity(5))) == (2, b, 15)
    assert stage(ops.kron(a, b)) is None
    assert stage(ops.kron(ops.Identity(2), ops.Identity(3))) is None
