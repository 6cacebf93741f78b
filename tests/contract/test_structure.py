"""Specs, notation, costs and refusals."""

import copy
import itertools
import json

import pytest
import torch
from tests.contract.case import Case, Misuse
from tests.contract.support import copy_numbers, rows, wide

from prodsumnet.operators import Cost, LinearOperator


def _json(operator: LinearOperator) -> str:
    return json.dumps(operator.spec(), allow_nan=False)


def test_spec_round_trip(operator: LinearOperator) -> None:
    text = _json(operator)
    other = LinearOperator.from_spec(json.loads(text))
    assert _json(other) == text
    assert other.kind == operator.kind
    assert other.shape == operator.shape
    assert other.num_trainable == operator.num_trainable
    assert other.dtype == operator.dtype
    assert repr(other) == repr(operator)
    copy_numbers(operator, other)
    for side, again in ((operator, other), (operator.H, other.H)):
        x = rows(side.in_features, 3, dtype=wide(operator))
        assert torch.equal(side(x), again(x))
    dtype = None if operator.dtype else torch.float64
    assert torch.equal(operator.to_dense(dtype), other.to_dense(dtype))


def test_spec_holds_no_numbers(operator: LinearOperator) -> None:
    before = _json(operator)
    operator.reset_parameters(3.7)
    with torch.no_grad():
        for p in operator.parameters():
            p.add_(1.25)
    assert _json(operator) == before


def test_spec_is_independent_of_the_operator(operator: LinearOperator) -> None:
    spec = operator.spec()
    spec["nodes"].clear()
    assert operator.spec()["nodes"]


def test_meta_construction(case: Case, operator: LinearOperator) -> None:
    other = LinearOperator.from_spec(operator.spec(), device="meta")
    assert all(t.is_meta for t in (*other.parameters(), *other.buffers()))
    assert other.shape == operator.shape
    assert other.num_trainable == case.trainable
    x = rows(operator.in_features, 3, dtype=wide(operator)).to("meta")
    assert other(x).shape == (3, operator.out_features)
    assert other(x).dtype == operator(torch.zeros_like(x, device="cpu")).dtype
    assert other.cost(3) == operator.cost(3)


def test_repr(case: Case, operator: LinearOperator) -> None:
    text = repr(operator)
    assert f"[{operator.out_features}×{operator.in_features}, {case.trainable} trainable]" in text
    assert operator._symbol() in text


def test_cost(case: Case, operator: LinearOperator) -> None:
    costs = [operator.cost(batch) for batch in (1, 2, 7, 64)]
    assert operator.cost() == costs[0]
    for cost in costs:
        assert type(cost.flops) is int
        assert type(cost.bytes) is int
        assert cost.flops >= 0
        assert case.free == (cost == Cost())
        assert case.free or cost.bytes > 0
    for smaller, larger in itertools.pairwise(costs):
        assert larger.flops >= smaller.flops
        assert case.free or larger.bytes > smaller.bytes
    for batch, error in ((0, ValueError), (-1, ValueError), (1.5, TypeError), (True, TypeError)):
        with pytest.raises(error, match="batch must"):
            operator.cost(batch)  # pyright: ignore[reportArgumentType]


def test_misuse(misuse: Misuse) -> None:
    call, exception, message = misuse
    with pytest.raises(exception, match=message) as caught:
        call()
    assert type(caught.value) is exception
    assert len(str(caught.value)) < 1000


def test_refuses_wrong_input(operator: LinearOperator) -> None:
    n, dtype = operator.in_features, wide(operator)
    for shape in ((n + 1,), (3, n + 1), (n, n + 2), ()):
        with pytest.raises(ValueError, match=rf"expects input of shape \(\.\.\., {n}\), got \("):
            operator(torch.zeros(shape, dtype=dtype))
    for other in (torch.int64, torch.bool):
        with pytest.raises(TypeError, match=f"expects a floating or complex tensor, got {other}"):
            operator(torch.zeros(n, dtype=other))
    for other in ([0.0] * n, None, "x"):
        with pytest.raises(TypeError, match="expects a floating or complex tensor, got"):
            operator(other)
    if operator.dtype is not None:
        with pytest.raises(TypeError, match=r"holds .* numbers, got torch.float32 input; convert"):
            operator(torch.zeros(n, dtype=torch.float32))


def test_module_machinery(operator: LinearOperator) -> None:
    """Copies and pickles are torch's own, and must keep the sharing."""
    other = copy.deepcopy(operator)
    assert other.num_trainable == operator.num_trainable
    x = rows(operator.in_features, 2, dtype=wide(operator))
    assert torch.equal(other(x), operator(x))
    with torch.no_grad():
        for p in operator.parameters():
            p.copy_(torch.randn_like(p))
    assert not operator.num_trainable or not torch.equal(other(x), operator(x))
