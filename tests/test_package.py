"""The public face of the package."""

import importlib
import inspect
import pkgutil
from types import ModuleType

import pytest
import torch

import prodsumnet as psn

ROOMS = [room.name for room in pkgutil.iter_modules(psn.__path__) if room.ispkg]
PUBLIC = {
    "LinearOperator",
    "count",
    "data",
    "evaluation",
    "experiments",
    "fit",
    "fitting",
    "from_spec",
    "load",
    "models",
    "nn",
    "numerics",
    "operators",
    "save",
    "storage",
    "training",
}


def room(name: str) -> ModuleType:
    return importlib.import_module(f"prodsumnet.{name}")


def test_public_names() -> None:
    assert set(psn.__all__) >= PUBLIC
    assert list(psn.__all__) == sorted(psn.__all__)
    assert all(hasattr(psn, name) for name in psn.__all__)
    assert psn.count is psn.nn.count
    assert psn.fit is psn.fitting.fit
    assert psn.load is psn.storage.load
    assert psn.save is psn.storage.save
    assert psn.LinearOperator is psn.operators.LinearOperator


@pytest.mark.parametrize("name", ROOMS)
def test_every_room_names_what_it_offers(name: str) -> None:
    module = room(name)
    assert module.__doc__
    offered = getattr(module, "__all__", [])
    assert len(set(offered)) == len(offered)
    for entry in offered:
        value = getattr(module, entry)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert value.__doc__, f"prodsumnet.{name}.{entry} has no docstring"
            assert value.__module__.startswith("prodsumnet.")


@pytest.mark.parametrize(
    ("name", "offered"),
    [
        (
            "nn",
            {
                "Bias",
                "Cellular",
                "DetectorRegions",
                "Intensity",
                "Conv1d",
                "Conv2d",
                "Conv3d",
                "Count",
                "Linear",
                "Network",
                "Scale",
                "Structured",
                "count",
                "stored_tensors",
            },
        ),
        (
            "evaluation",
            {
                "CONVOLUTION_STRATEGIES",
                "Composed",
                "ConvolutionCandidate",
                "ConvolutionExplanation",
                "ConvolutionStrategy",
                "Geometry",
                "Candidate",
                "Explanation",
                "Memory",
                "STRATEGIES",
                "Strategy",
                "candidates",
                "check_strategy",
                "explain",
                "Plans",
                "cheapest",
                "check_convolution_strategy",
                "explain_convolution",
                "macs",
                "plan",
                "plan_convolution",
            },
        ),
        (
            "models",
            {
                "build",
                "cellular_network",
                "circulant_cnn",
                "decomposed_cnn",
                "deep_fried_cnn",
                "diffractive_network",
                "displacement_network",
                "hidden_layer_network",
                "names",
                "reference_cnn",
                "plain_cnn",
                "table_network",
                "tied_cnn",
                "transform_network",
            },
        ),
        ("fitting", {"Fit", "Metric", "activation_metrics", "fisher_metrics", "fit"}),
        ("families", {"Family", "build", "get", "markdown", "names", "remainder", "survey"}),
    ],
)
def test_what_these_rooms_offer(name: str, offered: set[str]) -> None:
    assert set(room(name).__all__) == offered


def test_layers_take_the_arguments_of_torch_s() -> None:
    """Everything that torch's layers take, by the same names and in the same order."""
    for name in ("Linear", "Conv1d", "Conv2d", "Conv3d"):
        ours, theirs = getattr(psn.nn, name), getattr(torch.nn, name)
        added = {"operator", "budget", "seed", "exact", "strategy"}
        given = [key for key in inspect.signature(ours.__init__).parameters if key not in added]
        expected = inspect.signature(theirs.__init__).parameters
        assert given == list(expected)
        for key, parameter in expected.items():
            default = inspect.signature(ours.__init__).parameters[key].default
            assert default == parameter.default


def test_the_example_of_the_package_works() -> None:
    operator = psn.operators.Dense(10, 16) @ psn.operators.DCT(16)
    layer = psn.nn.Linear(16, 10, operator)
    assert layer(torch.randn(3, 16)).shape == (3, 10)
    again = psn.from_spec(operator.spec())
    assert again.shape == (10, 16)
    assert psn.count(layer).trainable == 170
