"""Specs of networks that no honest program writes: every one is refused by a ValueError."""

import contextlib
import copy
import json
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from prodsumnet import nn as psn
from prodsumnet import operators as ops
from prodsumnet.nn import Network
from prodsumnet.nn.layers import LAYERS

LINEAR = {"layer": "linear", "in_features": 4, "out_features": 4, "operator": {"operator": 0}}
CONV = {
    "layer": "conv-2d",
    "in_channels": 1,
    "out_channels": 4,
    "kernel_size": 2,
    "operator": {"operator": 0},
}
HUGE = 2**31 - 1


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def spec(*layers: Any, **changes: Any) -> dict[str, Any]:
    return {
        "format": "prodsumnet-network",
        "version": 1,
        "input_shape": [4],
        "layers": list(layers) or [LINEAR],
        "operators": ops.encode([ops.Dense(4, 4)]),
        **changes,
    }


def huge(kind: str, **keywords: int) -> dict[str, Any]:
    nodes = [{"kind": kind, **keywords}]
    return {"format": "prodsumnet-expression", "version": 1, "nodes": nodes, "roots": [0]}


CASES: dict[str, tuple[Any, str]] = {
    "nothing": (None, "a network's spec is an object with 'format': .*, got None"),
    "text": ("x" * 10**6, "a network's spec is an object"),
    "deep": (nested(10_000), "a network's spec is an object"),
    "other format": (spec(format="x"), "a network's spec is an object with 'format'"),
    "version 2": (spec(version=2), "network version 1 expected, got 2"),
    "version true": (spec(version=True), "network version 1 expected, got True"),
    "version deep": (spec(version=nested(10_000)), "network version 1 expected"),
    "layers no list": (spec(layers={}), "'layers' .* must be a list of objects, got {}"),
    "layer no object": (spec(1), r"'layers' .* must be a list of objects, got \[1\]"),
    "layers deep": (spec(layers=nested(10_000)), "'layers' .* must be a list of objects"),
    "no layers": (spec(layers=[]), "a network has 1 to 1000 layers, got 0"),
    "many layers": (spec(*[{"layer": "relu"}] * 1001), "1 to 1000 layers, got 1001"),
    "shape none": (spec(input_shape=None), "'input_shape' must be a list .*, got None"),
    "shape number": (spec(input_shape=4), "'input_shape' must be a list of 1 to 8 integers, got 4"),
    "shape empty": (spec(input_shape=[]), "'input_shape' must be a list of 1 to 8 integers"),
    "shape long": (spec(input_shape=[1] * 10**6), "'input_shape' must be a list of 1 to 8"),
    "shape deep": (spec(input_shape=nested(10_000)), "input_shape must be an integer, got"),
    "shape fraction": (spec(input_shape=[4.0]), r"input_shape must be an integer, got 4\.0"),
    "shape true": (spec(input_shape=[True]), "input_shape must be an integer, got True"),
    "shape zero": (spec(input_shape=[0]), "input_shape must lie between 1 and .*, got 0"),
    "shape long number": (spec(input_shape=[10**5000]), "got an integer of 16610 bits"),
    "layer without a name": (spec({}), "layer 0: unknown layer None, expected one of batch-norm"),
    "unknown layer": (spec({"layer": "tanh"}), "layer 0: unknown layer 'tanh'"),
    "class name": (spec({"layer": "Linear"}), "unknown layer 'Linear'"),
    "name no text": (spec({"layer": ["relu"]}), "unknown layer"),
    "name deep": (spec({"layer": nested(10_000)}), "unknown layer"),
    "name long": (spec({"layer": "x" * 10**6}), "unknown layer 'xxx"),
    "unknown keyword": (spec({"layer": "relu", "size": 1}), "'relu' has no keyword 'size', only"),
    "keyword of python": (spec({"layer": "relu", "self": 1}), "no keyword 'self'"),
    "keyword no text": (spec({"layer": "relu", 3: 1, None: 2}), "has no keyword 3"),
    "device": (spec({**LINEAR, "device": "cuda"}), "no keyword 'device'"),
    "dtype of a relu": (spec({"layer": "relu", "dtype": "float32"}), "no keyword 'dtype'"),
    "unknown dtype": (spec({**LINEAR, "dtype": "int8"}), "dtype must be one of .*, got 'int8'"),
    "dtype no text": (spec({**LINEAR, "dtype": 32}), "dtype must be one of .*, got 32"),
    "dtype list": (spec({**LINEAR, "dtype": ["float32"]}), "dtype must be one of"),
    "missing keyword": (spec({"layer": "linear", "in_features": 4}), "layer 0: layer 'linear':"),
    "no operator": (spec({**LINEAR, "operator": None}), "expected a LinearOperator, got NoneType"),
    "operator a number": (spec({**LINEAR, "operator": 0}), "expected a LinearOperator, got int"),
    "operator a list": (
        spec({**LINEAR, "operator": [{"operator": 0}]}),
        "expected a LinearOperator",
    ),
    "reference negative": (
        spec({**LINEAR, "operator": {"operator": -1}}),
        "layer 0: expected a reference to an operator, got {'operator': -1}",
    ),
    "reference too large": (spec({**LINEAR, "operator": {"operator": 1}}), "expected a reference"),
    "reference true": (
        spec({**LINEAR, "operator": {"operator": False}}),
        "expected a reference to an operator, got {'operator': False}",
    ),
    "reference with more": (
        spec({**LINEAR, "operator": {"operator": 0, "x": 1}}),
        "expected a reference",
    ),
    "reference deep": (spec({**LINEAR, "operator": {"operator": nested(10_000)}}), "a reference"),
    "reference empty": (spec({**LINEAR, "operator": {}}), "expected a reference"),
    "no operators": (spec(operators=None), "expected a reference to an operator"),
    "operators a list": (spec(operators=[]), "a spec is an object with 'format'"),
    "operators false": (spec(operators=False), "a spec is an object with 'format'"),
    "wrong shape": (spec({**LINEAR, "out_features": 5}), r"shape \(5, 4\), got \(4, 4\)"),
    "wrong bias": (spec({**LINEAR, "bias": {"operator": 0}}), r"shape \(4, 1\), got \(4, 4\)"),
    "bias a number": (spec({**LINEAR, "bias": 1}), "bias must be True, False or a LinearOperator"),
    "bias null": (spec({**LINEAR, "bias": None}), "bias must be True, False or a LinearOperator"),
    "bias text": (spec({**LINEAR, "bias": "true"}), "bias must be True, False"),
    "features text": (spec({**LINEAR, "in_features": "4"}), "must be an integer, got '4'"),
    "features list": (spec({**LINEAR, "in_features": [4]}), "must be an integer, got"),
    "groups zero": (spec({**CONV, "groups": 0}), "groups must lie between 1 and .*, got 0"),
    "groups four": (spec({**CONV, "groups": 4}), "groups must divide in_channels 1"),
    "stride text": (spec({**CONV, "stride": "2"}), "stride must be an integer or 2 integers"),
    "padding text": (spec({**CONV, "padding": "full"}), "'same' or 'valid', got 'full'"),
    "padding null": (spec({**CONV, "padding": None}), "padding must be an integer"),
    "padding deep": (spec({**CONV, "padding": nested(10_000)}), "padding must be an integer"),
    "mode text": (spec({**CONV, "padding_mode": "wrap"}), "padding_mode must be one of .*'wrap'"),
    "mode list": (spec({**CONV, "padding_mode": ["zeros"]}), "padding_mode must be one of"),
    "kernel huge": (spec({**CONV, "kernel_size": HUGE}), "needs an operator of shape"),
    "channels huge": (spec({**CONV, "in_channels": 10**400}), "an integer of 1329 bits"),
    "scale zero": (spec({"layer": "scale", "scalar": 0}), "scalar must be finite and not zero"),
    "scale nan": (spec({"layer": "scale", "scalar": float("nan")}), "scalar must be finite"),
    "scale huge": (spec({"layer": "scale", "scalar": 10**400}), "an integer of 1329 bits"),
    "scale text": (spec({"layer": "scale", "scalar": "1"}), "scalar must be a real number"),
    "bias layer none": (spec({"layer": "bias", "features": 4, "bias": False}), "needs bias=True"),
    "bias layer huge": (spec({"layer": "bias", "features": HUGE}), "the network holds 2147483663"),
    "norm huge": (
        spec({"layer": "batch-norm-1d", "num_features": HUGE}),
        "the network holds 8589934605 numbers, at most 268435456 are allowed",
    ),
    "norm negative": (
        spec({"layer": "batch-norm-2d", "num_features": -1}),
        "num_features must lie",
    ),
    "norm fraction": (spec({"layer": "batch-norm-2d", "num_features": 2.5}), "must be an integer"),
    "norm eps text": (
        spec({"layer": "batch-norm-1d", "num_features": 4, "eps": "1"}),
        "eps must be a number or null, got '1'",
    ),
    "norm eps infinite": (
        spec({"layer": "batch-norm-1d", "num_features": 4, "eps": float("inf")}),
        "eps must be finite and not negative",
    ),
    "norm momentum negative": (
        spec({"layer": "batch-norm-1d", "num_features": 4, "momentum": -0.1}),
        "momentum must be finite and not negative",
    ),
    "norm affine number": (
        spec({"layer": "batch-norm-1d", "num_features": 4, "affine": 1}),
        "affine must be true or false, got 1",
    ),
    "rms huge": (
        spec({"layer": "rms-norm", "normalized_shape": [HUGE] * 8}),
        "normalized_shape would hold an integer of",
    ),
    "rms long": (
        spec({"layer": "rms-norm", "normalized_shape": [HUGE] * 10**5}),
        "must be 1 to 8 positive",
    ),
    "rms zero": (
        spec({"layer": "rms-norm", "normalized_shape": [2, 0]}),
        "normalized_shape must be 1 to 8 positive integers",
    ),
    "rms empty": (spec({"layer": "rms-norm", "normalized_shape": []}), "must be 1 to 8 positive"),
    "rms text": (spec({"layer": "rms-norm", "normalized_shape": "44"}), "must be an integer"),
    "pool text": (spec({"layer": "max-pool-2d", "kernel_size": "2"}), "kernel_size must be"),
    "pool without size": (spec({"layer": "max-pool-2d"}), "layer 'max-pool-2d'"),
    "pool zero": (spec({"layer": "max-pool-2d", "kernel_size": 0}), "kernel_size must lie"),
    "flatten text": (spec({"layer": "flatten", "start_dim": "1"}), "start_dim must be an integer"),
    "relu text": (spec({"layer": "relu", "inplace": "no"}), "inplace must be true or false"),
    "operator huge": (
        spec(operators=huge("dense", out_features=2**15, in_features=2**15)),
        "holds at least 1073741824 numbers, at most 268435456",
    ),
    "one huge layer of many": (
        spec(*[{"layer": "bias", "features": 2**19}] * 1000),
        "the network holds 524288016 numbers",
    ),
}


@pytest.mark.parametrize(("given", "message"), CASES.values(), ids=CASES.keys())
def test_hostile_specs_are_refused(given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as refusal:
        Network.from_spec(given)
    assert len(str(refusal.value)) < 1000


def test_the_honest_spec_beside_them_is_accepted() -> None:
    assert type(Network.from_spec(spec())[0]) is psn.Linear
    layers = {"layer": "rms-norm", "normalized_shape": 4, "eps": None}, {**LINEAR, "bias": False}
    network = Network.from_spec(spec(*layers))
    assert network[0].normalized_shape == (4,)
    assert network(torch.randn(2, 4)).shape == (2, 4)


def honest() -> dict[str, Any]:
    network = Network(
        psn.Conv2d(1, 4, 2, ops.Dense(4, 2) @ ops.Dense(2, 4), padding="same"),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.RMSNorm(16),
        psn.Linear(16, 4, ops.Dense(4, 16), bias=ops.Dense(4, 1)),
        nn.BatchNorm1d(4),
        psn.Bias(4),
        psn.Scale(2.0),
        input_shape=(1, 4, 4),
    )
    return json.loads(json.dumps(network.spec()))


KEYS = sorted({k for kind in LAYERS.values() for k in kind.keywords} | {"layer", "dtype"})
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 6)
    | st.sampled_from((HUGE, 2**40, -(2**70), 10**400))
    | st.floats()
    | st.sampled_from((*LAYERS, "same", "valid", "zeros", "reflect", "float64", "", "x")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from((*KEYS, "operator", "ref", "kind", "")), inner, max_size=4
        )
        | st.fixed_dictionaries({"operator": inner})
    ),
    max_leaves=8,
)


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """Paths of everything inside a JSON value."""
    found = [path]
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, entry in entries:
        inner = (*path, key)
        found += places(entry, inner) if isinstance(entry, dict | list) else [inner]
    return found


PLACES = places(honest())[1:]


def changed(value: Any, path: tuple, entry: Any) -> Any:
    target = value = copy.deepcopy(value)
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = entry
    return value


def read(given: Any) -> None:
    """Read a spec: nothing but a ValueError may come, and what is read can be written."""
    with contextlib.suppress(ValueError):
        network = Network.from_spec(given, max_numbers=10_000)
        text = json.dumps(network.spec(), allow_nan=False)
        assert json.dumps(Network.from_spec(json.loads(text)).spec()) == text


@given(path=st.sampled_from(PLACES), entry=JSON)
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
def test_anything_in_the_place_of_anything(path: tuple, entry: Any) -> None:
    read(changed(honest(), path, entry))


@given(
    keys=st.dictionaries(st.sampled_from(KEYS), JSON, max_size=5),
    name=st.sampled_from(list(LAYERS)),
)
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_keywords_of_any_layer(keys: dict[str, Any], name: str) -> None:
    read(spec({**keys, "layer": name}))


@given(given=JSON)
@settings(max_examples=50, deadline=None)
def test_anything_at_all(given: Any) -> None:
    read(given)
    read(spec(given))
    read(spec(layers=given))


def test_layers_that_do_not_fit_together_are_refused():
    linear = psn.Linear(6, 2, ops.Dense(2, 6))
    network = Network(nn.Flatten(), linear, nn.ReLU(), input_shape=(1, 2, 3))
    spec = network.spec()
    assert Network.from_spec(spec).input_shape == (1, 2, 3)
    spec["input_shape"] = [1, 2, 4]
    with pytest.raises(ValueError, match=r"layer 1 does not fit the output \(8,\) before it"):
        Network.from_spec(spec)
