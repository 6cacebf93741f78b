"""The planner: whatever it decides, the result is the operator; and it decides sensibly."""

import copy

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.expressions import Formula, formulas
from tests.nn.support import gradients

from prodsumnet import operators as ops
from prodsumnet.evaluation import Composed, plan
from prodsumnet.evaluation.chains.chained import Chained
from prodsumnet.operators import Cost

CPU = torch.device("cpu")
BATCHES = (0, 1, 8, 64, 1_000, 1_000_000)


def dense(rows: int, columns: int, dtype: torch.dtype = torch.float64) -> ops.Dense:
    return ops.Dense(rows, columns, dtype=dtype)


def planned(operator: ops.LinearOperator, batch: int) -> ops.LinearOperator:
    return plan(operator, batch, torch.float64, CPU)


def kinds(operator: ops.LinearOperator) -> set[type]:
    return {type(part) for part in operator.modules()}


def assert_equal_maps(other: ops.LinearOperator, operator: ops.LinearOperator) -> None:
    """Values of the operator, its adjoint and its matrix, and gradients in input and numbers."""
    assert other.shape == operator.shape
    for dtype in (torch.float64, torch.complex128):
        # Two leading axes, since a plan must not depend on how a batch is laid out.
        x = torch.randn(2, 3, operator.in_features, dtype=dtype, requires_grad=True)
        y = torch.randn(4, operator.out_features, dtype=dtype, requires_grad=True)
        leaves = [x, y, *operator.parameters()]
        results = (
            (other(x), operator(x)),
            (other.H(y), operator.H(y)),
            (other.to_dense(torch.float64), operator.to_dense(torch.float64)),
        )
        for found, value in results:
            assert found.dtype == value.dtype
            direction = torch.randn_like(value)
            slopes = (gradients(result, leaves, direction) for result in (found, value))
            pairs = [(found, value), *zip(*slopes, strict=True)]
            for actual, expected in pairs:
                scale = max(1.0, expected.detach().abs().max().item())
                torch.testing.assert_close(actual, expected, rtol=1e-8, atol=1e-8 * scale)


@given(formula=formulas(), batch=st.sampled_from(BATCHES))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_plan_is_the_operator(formula: Formula, batch: int) -> None:
    assert_equal_maps(planned(formula.operator, batch), formula.operator)


EXAMPLES = {
    "low rank": lambda: ops.LowRank(40, 30, 2, dtype=torch.float64),
    "wide middle": lambda: dense(40, 200) @ dense(200, 30),
    "sum": lambda: dense(40, 30) + ops.LowRank(40, 30, 3, dtype=torch.float64),
    "many terms": lambda: ops.Sum(*(dense(40, 2) @ dense(2, 30) for _ in range(20))),
    "kronecker": lambda: ops.kron(dense(5, 6), dense(8, 5)),
    "kronecker of products": lambda: ops.kron(
        dense(5, 60) @ dense(60, 6), dense(8, 80) @ dense(80, 5)
    ),
    "blocks": lambda: ops.block_diag(dense(20, 90) @ dense(90, 10), dense(20, 20)),
    "stacks": lambda: ops.vstack(
        ops.hstack(dense(20, 10), dense(20, 99) @ dense(99, 20)), dense(20, 30)
    ),
    "scaled": lambda: -2 * (dense(40, 200) @ dense(200, 30)),
    "transform": lambda: dense(40, 32) @ ops.DCT(32) @ ops.kron(ops.DCT(4), ops.Hadamard(8)),
    "transposed": lambda: (dense(30, 200) @ dense(200, 40)).T,
    "fixed": lambda: ops.DCT(40) @ ops.Permutation(40, 1) @ ops.Slice(64, 0, 40) @ ops.Hadamard(64),
    "complex": lambda: ops.Dense(40, 99, dtype=torch.complex128) @ ops.RandomSigns(99, 30),
    "given": lambda: ops.Constant.of(torch.randn(40, 99).double()) @ ops.RandomSigns(99, 30),
    "shared": lambda: (lambda a: a @ a.T @ a + a)(dense(40, 30)),
}


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_plan_is_the_operator_at_sizes_that_matter(name: str, batch: int) -> None:
    torch.manual_seed(1)
    operator = EXAMPLES[name]()
    found = planned(operator, batch)
    assert {id(p) for p in found.parameters()} == {id(p) for p in operator.parameters()}
    assert_equal_maps(found, operator)


@pytest.mark.parametrize("name", EXAMPLES)
def test_planning_changes_nothing(name: str) -> None:
    operator = EXAMPLES[name]()
    state = {k: v.clone() for k, v in operator.state_dict().items()}
    modules, generator = list(operator.modules()), torch.get_rng_state()
    planned(operator, 100)
    assert list(operator.modules()) == modules
    assert torch.equal(torch.get_rng_state(), generator)
    assert operator.state_dict().keys() == state.keys()
    assert all(torch.equal(v, state[k]) for k, v in operator.state_dict().items())


def test_the_dense_matrix_is_taken_where_it_is_obviously_cheaper() -> None:
    wasteful = dense(64, 1000) @ dense(1000, 64)
    assert type(planned(wasteful, 10_000)) in (Composed, Chained)
    assert Composed not in kinds(planned(wasteful, 1))
    # Only the wasteful node of a larger expression.
    narrow = dense(500, 64) @ (dense(64, 64) + wasteful) @ dense(64, 500)
    found = planned(narrow, 10_000)
    assert type(found) is not Composed
    assert {Composed, Chained} & kinds(found)


def test_factors_are_kept_where_they_are_obviously_cheaper() -> None:
    for operator in (
        ops.LowRank(2000, 2000, 1),
        ops.kron(ops.Dense(40, 40), ops.Dense(40, 40)),
        ops.Diagonal(3000) @ ops.Permutation(3000, 1),
    ):
        for batch in BATCHES:
            assert Composed not in kinds(plan(operator, batch, torch.float32, CPU))


def test_a_single_factor_is_its_own_plan() -> None:
    for operator in (dense(3, 4), ops.Identity(5), ops.Circulant(4000, dtype=torch.float64)):
        assert planned(operator, 4) is operator


def test_what_is_fixed_is_computed_once() -> None:
    chain = ops.kron(ops.DCT(4) @ ops.Permutation(4, 1) @ ops.DCT(4), ops.Hadamard(4))
    found = planned(chain, 8)
    assert type(found) is ops.Constant
    assert found.matrix.dtype == torch.float64
    assert plan(chain, 8, torch.float32, CPU).matrix.dtype == torch.float32
    inside = planned(dense(1, 16) @ chain, 8)
    assert {ops.Dense, ops.Constant} <= kinds(inside)
    # In the type of the numbers beside it, whatever the input's is.
    single = plan(dense(1, 16, torch.float32) @ chain, 8, torch.bfloat16, CPU)
    (constant,) = (part for part in single.modules() if isinstance(part, ops.Constant))
    assert constant.matrix.dtype == torch.float32
    # A single call is not worth a matrix.
    assert planned(ops.Permutation(1024, 1), 8).kind == "permutation"


def test_fixed_factors_become_matrices_together() -> None:
    # Too large to be one matrix, and of many small transforms.
    operator = ops.kron(ops.DCT(64), ops.DCT(64))
    for training in (False, True):
        found = plan(operator, 256, torch.float32, CPU, training)
        assert kinds(found) == {ops.Kronecker, ops.Constant, torch.nn.ModuleList}
        x = torch.randn(3, 4096)
        torch.testing.assert_close(found(x), operator(x))
    given = ops.kron(ops.Constant.of(torch.randn(64, 64)), ops.DCT(64))
    found = plan(given, 256, torch.float32, CPU)
    assert next(iter(found)) is next(iter(given))


def test_what_is_computed_once_is_exact_and_can_be_trained_through() -> None:
    signs = ops.RandomSigns(30, 70, seed=1) @ ops.RandomSigns(70, 30, seed=2)
    operator = ops.Dense(1, 30) @ ops.hstack(signs, signs)
    exact = plan(operator, 8, torch.float32, CPU)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        found = plan(operator, 8, torch.float32, CPU)
    assert ops.Constant in kinds(found)
    x = torch.randn(3, 60, requires_grad=True)
    assert torch.equal(found(x), exact(x))
    found(x).sum().backward()
    assert x.grad.any()


def test_what_may_be_loaded_is_not_computed_once() -> None:
    given = ops.Constant.of(torch.randn(8, 8).double())
    operator = ops.kron(given @ ops.DCT(8) @ ops.Permutation(8, 1), ops.Hadamard(4))
    found = planned(operator, 8)
    before = found.to_dense().clone()
    given.load_state_dict({"matrix": torch.randn(8, 8).double()})
    assert not torch.equal(found.to_dense(), before)
    assert_equal_maps(found, operator)


def test_what_is_large_is_not_computed_once() -> None:
    large = ops.RandomSigns(1100, 1100, 1) @ ops.RandomSigns(1100, 1100, 2)
    for batch in (1, 10**6):
        found = planned(large, batch)
        assert ops.Constant not in kinds(found)
        x = torch.randn(2, 1100, dtype=torch.float64)
        torch.testing.assert_close(found(x), large(x))
    assert type(found) is Composed


def test_a_composed_operator_is_the_operator() -> None:
    operator = dense(4, 3) @ ops.Circulant(3, dtype=torch.complex128)
    composed = Composed(operator)
    assert_equal_maps(composed, operator)
    assert composed.shape == (4, 3)
    assert "[Dense(4×3)·Circulant(3)]" in repr(composed)
    assert composed.num_trainable == operator.num_trainable
    assert composed.cost(5) == operator.cost(3) + Cost.matmul(5, 4, 3)
    other = copy.deepcopy(composed)
    assert not {id(p) for p in other.parameters()} & {id(p) for p in operator.parameters()}


def test_a_composed_operator_of_no_numbers_follows_its_input() -> None:
    composed = Composed(ops.DCT(5))
    for dtype in (torch.float32, torch.float64, torch.complex128):
        x = torch.randn(2, 5, dtype=dtype)
        torch.testing.assert_close(composed(x), ops.DCT(5)(x))
        torch.testing.assert_close(composed.H(x), ops.DCT(5).H(x))


def test_a_matrix_is_composed_in_its_own_precision() -> None:
    operator = ops.Dense(8, 200) @ ops.Dense(200, 8)
    x = torch.eye(8)
    with torch.autocast("cpu", torch.bfloat16):
        found = Composed(operator)(x)
    assert found.dtype == torch.bfloat16
    assert torch.equal(found.mT, operator.to_dense().bfloat16())
