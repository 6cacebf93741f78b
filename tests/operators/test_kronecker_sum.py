"""Sums and stacks of Kronecker products against numpy.kron."""

import numpy as np
import pytest
import torch

from prodsumnet.operators import Dense, LinearOperator, hstack, kronecker_sum, vstack
from prodsumnet.operators.kronecker_sum import kronecker_stack, stacked_kronecker_sum

SHAPES = [((2, 3), (4, 5)), ((3, 2), (1, 4)), ((1, 1), (2, 2)), ((5, 1), (1, 3))]


def operands(
    shape: tuple[int, int], terms: int, dtype: torch.dtype = torch.float64
) -> tuple[list[LinearOperator], list[np.ndarray]]:
    made = [Dense(*shape, dtype=dtype) for _ in range(terms)]
    return list(made), [operator.weight.detach().numpy() for operator in made]


def check(operator: LinearOperator, expected: np.ndarray) -> None:
    matrix = torch.from_numpy(expected)
    assert operator.shape == matrix.shape
    torch.testing.assert_close(operator.to_dense(), matrix)
    x = torch.randn(2, 3, operator.in_features, dtype=matrix.dtype)
    y = torch.randn(2, 3, operator.out_features, dtype=matrix.dtype)
    torch.testing.assert_close(operator(x), x @ matrix.mT)
    torch.testing.assert_close(operator.H(y), y @ matrix.conj())


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
@pytest.mark.parametrize("terms", [1, 2, 4])
@pytest.mark.parametrize(("left", "right"), SHAPES)
def test_sum(left: tuple[int, int], right: tuple[int, int], terms: int, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    (a, a_values), (b, b_values) = operands(left, terms, dtype), operands(right, terms, dtype)
    expected = sum(np.kron(p, q) for p, q in zip(a_values, b_values, strict=True))
    operator = kronecker_sum(list(zip(a, b, strict=True)))
    check(operator, expected)
    check(stacked_kronecker_sum(hstack(*a), vstack(*b), terms), expected)
    reals = 2 if dtype.is_complex else 1
    assert operator.num_trainable == terms * reals * (left[0] * left[1] + right[0] * right[1])
    copy = LinearOperator.from_spec(operator.spec())
    copy.load_state_dict(operator.state_dict())
    assert torch.equal(copy.to_dense(), operator.to_dense())
    operator.reset_parameters(0.5)
    moment = operator.to_dense().abs().square().sum().item() / operator.out_features
    assert moment == pytest.approx(0.25, rel=1e-5)


@pytest.mark.parametrize("terms", [1, 3])
@pytest.mark.parametrize(("left", "right"), SHAPES)
def test_stack(left: tuple[int, int], right: tuple[int, int], terms: int) -> None:
    torch.manual_seed(0)
    (a, a_values), (b, b_values) = operands(left, terms), operands(right, terms)
    expected = np.vstack([np.kron(p, q) for p, q in zip(a_values, b_values, strict=True)])
    check(kronecker_stack(vstack(*a), vstack(*b), terms), expected)


def test_refusals() -> None:
    a, b = Dense(2, 3), Dense(4, 5)
    with pytest.raises(ValueError, match="needs at least one term, got none"):
        kronecker_sum([])
    with pytest.raises(ValueError, match=r"need equal shapes: \(2, 3\) and \(4, 5\) differ from"):
        kronecker_sum([(a, b), (a, a)])
    with pytest.raises(ValueError, match="need equal shapes"):
        kronecker_sum([(a, b), (b, b)])
    for terms in (0, 2):
        with pytest.raises(ValueError, match=f"{terms} terms do not divide 3 columns and 4 rows"):
            stacked_kronecker_sum(a, b, terms)
    for terms in (0, 3):
        with pytest.raises(ValueError, match=f"{terms} terms do not divide 2 and 4 rows"):
            kronecker_stack(a, b, terms)
