"""Layers whose operator is asked for by the name of a family."""

from collections.abc import Callable

import pytest
import torch

from prodsumnet import families
from prodsumnet import nn as psn
from prodsumnet import operators as ops

LAYERS: dict[str, tuple[Callable[..., torch.nn.Module], tuple[int, int]]] = {
    "linear": (lambda *a, **k: psn.Linear(20, 12, *a, **k), (12, 20)),
    "conv-1d": (lambda *a, **k: psn.Conv1d(4, 12, 5, *a, **k), (12, 20)),
    "conv-2d": (lambda *a, **k: psn.Conv2d(4, 12, (1, 5), *a, padding="same", **k), (12, 20)),
    "conv-3d": (lambda *a, **k: psn.Conv3d(4, 12, (2, 1, 3), *a, groups=2, **k), (12, 12)),
}


@pytest.fixture(params=LAYERS)
def case(request: pytest.FixtureRequest) -> tuple[Callable, tuple[int, int]]:
    return LAYERS[request.param]


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("family", ["low-rank", "circulant"])
def test_a_name_builds_the_operator(case: tuple, family: str, exact: bool) -> None:
    layer, shape = case
    torch.manual_seed(3)
    named = layer(family, budget=50, seed=7, exact=exact, dtype=torch.float64)
    torch.manual_seed(3)
    operator = families.build(family, *shape, 50, 7, exact, dtype=torch.float64)
    built = layer(operator)
    assert named.operator.shape == shape
    assert named.operator.spec() == built.operator.spec()
    assert named.operator.num_trainable == (50 if exact else operator.num_trainable)
    assert named.bias.dtype == torch.float64
    assert torch.equal(named.weight, built.weight)
    assert named.operator.second_moment() == pytest.approx(1, rel=1e-5)


def test_place_and_precision_are_the_operators_too(case: tuple) -> None:
    layer = case[0]("low-rank", budget=40, device="meta", dtype=torch.float64)
    assert {number.dtype for number in layer.parameters()} == {torch.float64}
    assert all(number.is_meta for number in layer.parameters())


def test_the_seed_is_the_families(case: tuple) -> None:
    specs = [case[0]("circulant", budget=30, seed=seed).operator.spec() for seed in (0, 1, 1)]
    assert specs[0] != specs[1] == specs[2]


@pytest.mark.parametrize("family", families.names())
def test_every_family_is_the_weight_of_a_layer(family: str) -> None:
    budget = max(200, families.get(family).least(12, 20))
    layer = psn.Linear(20, 12, family, budget=budget)
    y = layer(torch.randn(3, 20))
    assert y.shape == (3, 12)
    y.abs().square().sum().backward()
    assert all(number.grad is not None for number in layer.parameters())


def test_a_network_holds_what_was_built() -> None:
    network = psn.Network(
        psn.Conv2d(1, 4, 3, "low-rank", padding="same", budget=20),
        torch.nn.Flatten(),
        psn.Linear(64, 5, "circulant", budget=100, seed=3, exact=True),
        input_shape=(1, 4, 4),
    )
    spec = network.spec()
    for node in spec["layers"]:
        assert not {"budget", "seed", "exact"} & set(node)
    other = psn.Network.from_spec(spec)
    assert other.spec() == spec
    other.load_state_dict(network.state_dict(), strict=True)
    x = torch.randn(2, 1, 4, 4)
    assert torch.equal(network(x), other(x))


def test_a_spec_cannot_ask_for_a_family() -> None:
    spec = psn.Network(psn.Linear(4, 4, ops.Dense(4, 4)), input_shape=(4,)).spec()
    spec["layers"][0]["operator"] = "low-rank"
    with pytest.raises(ValueError, match="family 'low-rank' needs a budget"):
        psn.Network.from_spec(spec)
    spec["layers"][0]["budget"] = 8
    with pytest.raises(ValueError, match="has no keyword 'budget'"):
        psn.Network.from_spec(spec)


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({}, ValueError, "family 'low-rank' needs a budget: pass budget="),
        ({"budget": 3}, ValueError, "'low-rank' at .* needs a budget of at least .*, got 3"),
        ({"budget": "3"}, TypeError, "budget must be an integer, got '3'"),
        ({"budget": 50, "seed": -1}, ValueError, "seed must lie between 0"),
        ({"budget": 50, "dtype": torch.complex64}, TypeError, "dtype must be a real floating"),
    ],
)
def test_names_are_refused(case: tuple, keywords: dict, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        case[0]("low-rank", **keywords)


def test_unknown_names_are_refused(case: tuple) -> None:
    with pytest.raises(ValueError, match="unknown family 'dense', expected one of"):
        case[0]("dense", budget=100)


@pytest.mark.parametrize("keywords", [{"budget": 50}, {"seed": 1}, {"exact": True}])
def test_an_operator_takes_nothing_of_a_family(case: tuple, keywords: dict) -> None:
    layer, shape = case
    with pytest.raises(ValueError, match="budget, seed and exact are for the name of a family"):
        layer(ops.Dense(*shape), **keywords)
