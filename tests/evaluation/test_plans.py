"""Plans: a bounded cache that copies do not take along."""

import copy

import torch

from prodsumnet import operators as ops
from prodsumnet.evaluation import Plans
from prodsumnet.evaluation.plans import circumstances


class Makes:
    """Makes a new object at every call, and counts the calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> object:
        self.calls += 1
        return object()


def test_a_plan_is_made_once_for_a_key() -> None:
    plans, make, operator = Plans(), Makes(), ops.Dense(2, 2)
    first = plans.get(operator, "a", make)
    assert plans.get(operator, "a", make) is first
    assert plans.get(operator, "b", make) is not first
    assert plans.get(operator, "a", make) is first
    assert make.calls == 2


def test_plans_are_of_one_operator_in_one_precision() -> None:
    plans, make, operator = Plans(), Makes(), ops.Dense(2, 2)
    first = plans.get(operator, "a", make)
    assert plans.get(ops.Dense(2, 2), "a", make) is not first
    again = plans.get(operator, "a", make)
    assert again is not first
    assert plans.get(operator.double(), "a", make) is not again


def test_their_number_is_bounded() -> None:
    plans, make, operator = Plans(), Makes(), ops.Identity(2)
    for key in range(1000):
        plans.get(operator, key, make)
        assert len(plans._plans) < 20
    assert make.calls == 1000
    last = plans.get(operator, 999, make)
    assert plans.get(operator, 999, make) is last


def test_copies_start_without_any() -> None:
    plans, operator = Plans(), ops.Dense(2, 2)
    first = plans.get(operator, "a", Makes())
    for other in (copy.copy(plans), copy.deepcopy(plans)):
        assert type(other) is Plans
        assert other is not plans
        assert other.get(operator, "a", Makes()) is not first
    assert plans.get(operator, "a", Makes()) is first


def test_a_plan_depends_on_size_type_device_gradients_and_autocast() -> None:
    x = torch.zeros(2, 3)
    keys = [circumstances(y) for y in (x, x.to("meta"), x.double(), x[:1], x[None])]
    with torch.no_grad():
        keys.append(circumstances(x))
    with torch.autocast("cpu", torch.bfloat16):
        keys.append(circumstances(x))
    assert len(set(keys)) == len(keys)
    assert circumstances(x) == keys[0]
