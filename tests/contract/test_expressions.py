"""The contract holds through any nesting: random expressions against their numpy evaluation."""

import json

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from tests.contract.expressions import Formula, formulas
from tests.contract.support import (
    Densified,
    close,
    copy_numbers,
    distinct,
    gradcheck,
    moment,
    rows,
    times,
    wide,
)

from prodsumnet.operators import LinearOperator


def repeat(examples: int) -> settings:
    """The same examples in every run, however slow the machine."""
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def oracle(formula: Formula) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(formula.matrix()))


@repeat(250)
@given(formulas())
def test_values(formula: Formula) -> None:
    operator, matrix = formula.operator, oracle(formula)
    scale = 1 + matrix.abs().max().item()
    x, y = rows(operator.in_features, 2, 3), rows(operator.out_features, 3)
    close(operator(x) / scale, times(matrix, x) / scale, 1e-10)
    close(operator.H(y) / scale, times(matrix.mH, y) / scale, 1e-10)
    close(operator.T(y) / scale, times(matrix.mT, y) / scale, 1e-10)
    dense = operator.to_dense(None if operator.dtype else torch.float64)
    close(dense / scale, matrix / scale, 1e-10)
    assert dense.is_complex() or not matrix.is_complex() or not matrix.imag.any()


@repeat(250)
@given(formulas())
def test_counts(formula: Formula) -> None:
    operator = formula.operator
    assert operator.num_trainable == formula.count == distinct(operator)
    assert f"{formula.count} trainable" in repr(operator)


@repeat(150)
@given(formulas())
def test_spec_round_trip(formula: Formula) -> None:
    operator = formula.operator
    text = json.dumps(operator.spec(), allow_nan=False)
    other = LinearOperator.from_spec(json.loads(text))
    assert json.dumps(other.spec()) == text
    assert repr(other) == repr(operator)
    assert other.num_trainable == operator.num_trainable
    copy_numbers(operator, other)
    x = rows(operator.in_features, 3, dtype=wide(operator))
    assert torch.equal(operator(x), other(x))
    y = rows(operator.out_features, 3, dtype=wide(operator))
    assert torch.equal(operator.H(y), other.H(y))


@repeat(250)
@given(formulas())
def test_initial_variance(formula: Formula) -> None:
    operator = formula.operator
    operator.reset_parameters(0.7)
    matrix = oracle(formula)
    assert matrix.isfinite().all()
    assert operator.second_moment() == pytest.approx(moment(matrix), rel=1e-8, abs=1e-13)
    # Terms may cancel to nothing, and slices of paddings be nothing from the start.
    if formula.scalable and moment(matrix) > 1e-12:
        assert moment(matrix) == pytest.approx(0.49, rel=2e-6)


@repeat(150)
@given(formulas())
def test_empty_batches(formula: Formula) -> None:
    for side in (formula.operator, formula.operator.H):
        assert side(rows(side.in_features, 2, 0, dtype=wide(side))).shape == (
            2,
            0,
            side.out_features,
        )


@repeat(100)
@given(formulas())
def test_costs_add_up(formula: Formula) -> None:
    costs = [formula.operator.cost(batch) for batch in (1, 2, 5)]
    assert costs == sorted(costs, key=lambda cost: (cost.flops, cost.bytes))
    assert all(cost.flops >= 0 and cost.bytes >= 0 for cost in costs)


@repeat(40)
@given(formulas(depth=2, side=4))
def test_gradients(formula: Formula) -> None:
    operator = formula.operator
    assert gradcheck(operator, rows(operator.in_features, 1, dtype=wide(operator)))
    assert gradcheck(operator.H, rows(operator.out_features, 1, dtype=wide(operator)))
    if operator.num_trainable:
        assert gradcheck(Densified(operator))


def test_the_strategy_reaches_every_kind() -> None:
    """Or the tests above would say little."""
    reached: set[str] = set()
    facts = {"shared": 0, "complex": 0, "scalable": 0}

    @repeat(250)
    @given(formulas())
    def visit(formula: Formula) -> None:
        operator = formula.operator
        reached.update(m.kind for m in operator.modules() if isinstance(m, LinearOperator))
        names = list(operator.named_parameters(remove_duplicate=False))
        facts["shared"] += len(names) > len(list(operator.parameters()))
        facts["complex"] += operator.dtype is not None and operator.dtype.is_complex
        facts["scalable"] += formula.scalable

    visit()
    assert len(reached) >= 28
    assert all(count >= 40 for count in facts.values()), facts
