"""Network: a chain of layers and its spec."""

import copy
import inspect
import json
from collections.abc import Callable

import pytest
import torch
from torch import nn

from prodsumnet import nn as psn
from prodsumnet import operators as ops
from prodsumnet.nn import Network, count
from prodsumnet.nn.layers import LAYERS, build_layer, layer_name, read_layer


def everything() -> Network:
    """A network of every kind of layer, with arguments that are not the usual ones."""
    shared = ops.Dense(8, 8)
    return Network(
        psn.Conv3d(1, 2, (1, 3, 1), ops.Dense(2, 3), padding=(0, 1, 0)),
        nn.Flatten(1, 2),
        nn.RMSNorm((2, 12, 12), eps=1e-4, elementwise_affine=True),
        psn.Cellular(2, 2, ops.Dense(2, 18), step=0.25, boundary="replicate", initial="input"),
        psn.Conv2d(2, 4, (3, 2), ops.Dense(4, 6), (2, 1), (1, 2), 2, 2, False, "circular"),
        nn.BatchNorm2d(4, eps=1e-3, momentum=0.3),
        nn.MaxPool2d((2, 3), (2, 2), (1, 1), ceil_mode=True),
        nn.ReLU(inplace=True),
        psn.Conv2d(
            4,
            8,
            3,
            ops.Dense(8, 36),
            padding="same",
            bias=ops.kron(ops.Dense(2, 1), ops.Dense(4, 1)),
        ),
        nn.Flatten(2, 3),
        psn.Conv1d(8, 8, 3, ops.Dense(8, 24), padding="same", padding_mode="reflect"),
        nn.Flatten(1, 2),
        psn.Linear(192, 8, shared @ ops.RandomSigns(8, 192, seed=7)),
        psn.Scale(0.5),
        nn.BatchNorm1d(8, momentum=None, affine=False),
        psn.Linear(8, 8, shared, bias=ops.LowRank(8, 1, 1)),
        psn.Bias(8),
        psn.Bias(8, ops.Dense(8, 1)),
        psn.Linear(8, 8, shared.T, bias=False),
        psn.Intensity(),
        psn.DetectorRegions(2, 4, 2, scale=2),
        input_shape=(1, 1, 12, 12),
    )


def rebuilt(network: Network, **options) -> Network:
    text = json.dumps(network.spec(), allow_nan=False)
    other = Network.from_spec(json.loads(text), **options)
    assert json.dumps(other.spec(), allow_nan=False) == text
    return other


def assert_equal_networks(network: Network, other: Network) -> None:
    other.load_state_dict(network.state_dict(), strict=True)
    x = torch.randn(3, *network.input_shape, dtype=next(network.parameters()).dtype)
    for mode in (True, False):
        assert torch.equal(network.train(mode)(x), other.train(mode)(x))


def test_a_network_of_every_kind_comes_back() -> None:
    network = everything()
    assert {layer_name(layer) for layer in network} == set(LAYERS)
    other = rebuilt(network)
    assert repr(rebuilt(other)) == repr(other)
    assert count(other) == count(network)
    assert_equal_networks(network, other)


def test_shared_operators_stay_shared() -> None:
    network = everything()
    other = rebuilt(network)
    *_, first, _, _, second, _, _, third, _, _ = other
    shared = next(iter(first.operator))
    assert shared is second.operator
    assert third.operator.operator is shared
    assert len(list(other.parameters())) == len(list(network.parameters()))
    assert (
        sum(
            node["kind"] == "dense" and node["in_features"] == 8
            for node in network.spec()["operators"]["nodes"]
        )
        == 1
    )


def test_sharing_is_counted_once() -> None:
    operator = ops.Dense(8, 8)
    network = Network(
        psn.Linear(8, 8, operator), psn.Linear(8, 8, operator, bias=False), input_shape=(8,)
    )
    for model in (network, rebuilt(network)):
        assert count(model).trainable == 64 + 8
        assert count(model).macs == 128
        assert model[0].operator is model[1].operator


def test_a_bias_may_share_with_a_weight() -> None:
    numbers = ops.Dense(6, 1)
    network = Network(
        psn.Linear(2, 3, ops.Reshape(numbers, 3, 2), bias=False),
        psn.Linear(3, 6, ops.Dense(6, 3), bias=numbers),
        input_shape=(2,),
    )
    other = rebuilt(network)
    assert other[0].operator.operator is other[1].bias
    assert_equal_networks(network, other)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_precision_is_part_of_the_spec(dtype: torch.dtype) -> None:
    network = everything().to(dtype)
    other = rebuilt(network)
    assert [p.dtype for p in other.parameters()] == [p.dtype for p in network.parameters()]
    assert [b.dtype for b in other.buffers()] == [b.dtype for b in network.buffers()]
    if dtype == torch.float64:
        assert_equal_networks(network, other)


def test_precision_does_not_depend_on_the_reader() -> None:
    network, default = everything(), torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        other = rebuilt(network)
    finally:
        torch.set_default_dtype(default)
    assert {p.dtype for p in other.parameters()} == {torch.float32}


def test_a_network_may_be_built_without_storage() -> None:
    network = everything()
    meta = rebuilt(network, device="meta")
    assert all(p.is_meta for p in meta.parameters())
    assert [p.shape for p in meta.parameters()] == [p.shape for p in network.parameters()]


def test_the_number_of_numbers_is_bounded() -> None:
    spec = everything().spec()
    with pytest.raises(ValueError, match=r"holds (at least )?\d+ numbers, at most 100 are allowed"):
        Network.from_spec(spec, max_numbers=100)
    biased = Network(psn.Linear(2, 60, ops.RandomSigns(60, 2)), input_shape=(2,)).spec()
    with pytest.raises(ValueError, match="network holds 180 numbers, at most 150 are allowed"):
        Network.from_spec(biased, max_numbers=150)


def test_a_spec_without_operators() -> None:
    network = Network(nn.Flatten(), nn.ReLU(), input_shape=[3, 2])
    assert network.spec() == {
        "format": "prodsumnet-network",
        "version": 1,
        "input_shape": [3, 2],
        "layers": [{"layer": "flatten"}, {"layer": "relu"}],
        "operators": None,
    }
    assert rebuilt(network).input_shape == (3, 2)


def test_a_spec_says_what_is_not_usual() -> None:
    network = Network(
        psn.Conv2d(1, 2, 3, ops.Dense(2, 9), padding="same", bias=False),
        psn.Conv2d(2, 2, (1, 1), ops.Dense(2, 2), stride=(1, 1), padding=(0, 0)),
        nn.BatchNorm2d(2).double(),
        input_shape=(1, 4, 4),
    )
    first, second, third = network.spec()["layers"]
    assert first == {
        "layer": "conv-2d",
        "in_channels": 1,
        "out_channels": 2,
        "kernel_size": [3, 3],
        "operator": {"operator": 0},
        "padding": "same",
        "bias": False,
    }
    assert second.keys() == {"layer", "in_channels", "out_channels", "kernel_size", "operator"}
    assert third == {"layer": "batch-norm-2d", "num_features": 2, "dtype": "float64"}


def test_every_argument_of_a_layer_is_in_its_spec() -> None:
    # Those of a run, one that makes a layer give more than its output, those of families,
    # which are built once, and how a layer is computed, which changes nothing.
    left_out = {"self", "device", "dtype", "return_indices", "budget", "seed", "exact", "strategy"}
    for kind in LAYERS.values():
        parameters = set(inspect.signature(kind.cls.__init__).parameters) - left_out
        # What torch's newest version has beyond our oldest does not matter here.
        assert set(kind.keywords) <= parameters
        assert not parameters - set(kind.keywords) - {"bias", "args", "kwargs"}


def test_equal_layers_are_written_equally() -> None:
    for layer in everything():
        values = read_layer(layer)
        again = read_layer(build_layer(layer_name(layer), values, None))
        assert again == values


def test_a_network_behaves_like_a_sequence() -> None:
    network = everything()
    assert isinstance(network, nn.Sequential)
    assert network[-1] is list(network)[-1]
    head = network[:3]
    assert type(head) is nn.Sequential
    assert list(head) == list(network)[:3]
    assert copy.deepcopy(network).spec() == network.spec()
    assert copy.deepcopy(network).input_shape == network.input_shape


def test_layers_of_other_kinds_are_refused() -> None:
    for layer in (nn.Linear(2, 2), nn.Tanh(), ops.Dense(2, 2), None):
        with pytest.raises(TypeError, match=f"batch-norm-1d, .*; got {type(layer).__name__}"):
            Network(layer, input_shape=(2,))


def test_a_layer_with_numbers_stands_there_once() -> None:
    relu, linear = nn.ReLU(), psn.Linear(2, 2, ops.Dense(2, 2))
    for layer in (linear, nn.BatchNorm1d(2), psn.Bias(2)):
        with pytest.raises(ValueError, match="stands in the network twice"):
            Network(layer, relu, layer, input_shape=(2,))
    plain = psn.Linear(2, 2, ops.Dense(2, 2), bias=False)
    network = Network(plain, relu, plain, relu, input_shape=(2,))
    assert_equal_networks(network, rebuilt(network))


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: Network(input_shape=(2,)), ValueError, "at least one layer, got none"),
        (lambda: Network(nn.ReLU(), input_shape=()), ValueError, r"positive integers, got \(\)"),
        (lambda: Network(nn.ReLU(), input_shape=(0,)), ValueError, "positive integers, got"),
        (lambda: Network(nn.ReLU(), input_shape=(-1,)), ValueError, "between 0 and .*, got -1"),
        (lambda: Network(nn.ReLU(), input_shape=5), TypeError, "sequence of integers, got 5"),
        (lambda: Network(nn.ReLU(), input_shape=(2.0,)), TypeError, r"an integer, got 2\.0"),
    ],
)
def test_arguments_are_refused(build: Callable, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        build()
