"""Files that no honest program wrote: refused by one kind of error, soon, in little memory."""

import contextlib
import json
import resource
import struct
import time
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

import prodsumnet as psn
from prodsumnet.nn import Linear, Network
from prodsumnet.operators import Dense
from prodsumnet.storage import tensors

FUZZ = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def honest():
    layers = nn.Flatten(), Linear(6, 4, Dense(4, 6)), nn.BatchNorm1d(4), nn.ReLU()
    return Network(*layers, input_shape=(1, 2, 3))


@pytest.fixture
def good(tmp_path):
    """A file to spoil: its path, its bytes, and its parts."""
    path = tmp_path / "model"
    psn.save(honest(), path)
    raw = path.read_bytes()
    (size,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + size])
    found, ours = tensors.read(path)
    return SimpleNamespace(path=path, raw=raw, header=header, tensors=found, ours=ours)


def refuse(path, match=None):
    with pytest.raises(ValueError, match=match) as caught:
        psn.load(path)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 1000


def with_header(good, header):
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    size = struct.unpack("<Q", good.raw[:8])[0]
    good.path.write_bytes(struct.pack("<Q", len(text)) + text + good.raw[8 + size :])


def with_ours(good, ours):
    """Write the honest numbers with another JSON object, finite or not."""
    text = ours if isinstance(ours, str) else json.dumps(ours)
    with_header(good, {**good.header, "__metadata__": {"prodsumnet": text}})


def test_the_honest_file_is_read(good):
    with_ours(good, good.ours)
    assert torch.equal(psn.load(good.path)[1].weight, psn.load(good.path)[1].weight)


def test_truncated_anywhere(good):
    for length in range(len(good.raw)):
        good.path.write_bytes(good.raw[:length])
        refuse(good.path)


def test_with_more_bytes_than_said(good):
    good.path.write_bytes(good.raw + b"\0")
    refuse(good.path, "not a readable safetensors file")


@FUZZ
@given(st.binary(max_size=400))
def test_random_bytes(good, content):
    good.path.write_bytes(content)
    refuse(good.path)


@FUZZ
@given(st.binary(max_size=200))
def test_random_header(good, content):
    good.path.write_bytes(struct.pack("<Q", len(content)) + content)
    refuse(good.path)


@FUZZ
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4))
def test_changed_bytes_are_refused_or_give_a_network(good, changes):
    raw = bytearray(good.raw)
    for position, value in changes:
        raw[position % len(raw)] = value
    good.path.write_bytes(bytes(raw))
    try:
        model = psn.load(good.path)
    except ValueError:
        return
    assert isinstance(model, Network)
    assert all(t.isfinite().all() for t in psn.nn.stored_tensors(model))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from(["", "relu", "dense", "x" * 300, "\0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


def places(value, here=()):
    yield here
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, entry in entries:
        yield from places(entry, (*here, key)) if isinstance(entry, dict | list) else [(*here, key)]


def replaced(value, place, new):
    if not place:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[place[0]] = replaced(copy[place[0]], place[1:], new)
    return copy


@FUZZ
@given(st.data())
def test_any_value_anywhere_in_the_json(good, data):
    place = data.draw(st.sampled_from(list(places(good.ours))))
    with_ours(good, replaced(good.ours, place, data.draw(VALUES)))
    try:
        model = psn.load(good.path)
    except ValueError as error:
        assert len(str(error)) < 1000
    else:
        assert sum(t.numel() for t in psn.nn.stored_tensors(model)) == 36 + 8


@pytest.mark.parametrize("format", [None, "prodsumnet-training", 1, ["x"], "x" * 10_000])
def test_wrong_format(good, format):
    with_ours(good, {**good.ours, "format": format})
    refuse(good.path, "is not a saved network: its format is")


@pytest.mark.parametrize("place", [("network",), ("network", "operators")])
@pytest.mark.parametrize("version", [0, 2, "1", None, True])
def test_wrong_version(good, place, version):
    with_ours(good, replaced(good.ours, (*place, "version"), version))
    refuse(good.path, "version 1 expected")


@pytest.mark.parametrize("text", ["", "null", "[]", "7", "{", '{"format": ' + "[" * 10**5])
def test_wrong_json(good, text):
    with_ours(good, text)
    refuse(good.path)


@pytest.mark.parametrize("bracket", ["[", '{"a":'])
def test_deep_nesting(good, bracket):
    close = {"[": "]", '{"a":': "}"}[bracket]
    for depth in (50, 500, 5_000, 500_000):
        nested = bracket * depth + "1" + close * depth
        with_ours(good, '{"format": "prodsumnet-model", "network": ' + nested + "}")
        refuse(good.path)


def changed(good, key, tensor):
    tensors.write(good.path, {**good.tensors, key: tensor}, good.ours)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("key", ["parameters.float32", "buffers.float32"])
def test_numbers_that_are_not_finite(good, key, value):
    vector = good.tensors[key].clone()
    vector[-1] = value
    changed(good, key, vector)
    refuse(good.path, f"among the {key} is not finite")


@pytest.mark.parametrize("length", [0, 1, 35, 37, 10**5])
def test_wrong_lengths(good, length):
    changed(good, "parameters.float32", torch.zeros(length))
    refuse(good.path, r"parameters\.float32 must be one vector of 36 float32 numbers")


def test_wrong_shape_type_or_name(good):
    vector = good.tensors["parameters.float32"]
    for wrong in (vector[None], vector.double(), vector.long(), vector.reshape(6, 6)):
        changed(good, "parameters.float32", wrong)
        refuse(good.path, "must be one vector of 36 float32 numbers, got")
    changed(good, "extra", vector.clone())
    refuse(good.path, "the expression needs")
    tensors.write(good.path, {"parameters.float32": vector}, good.ours)
    refuse(good.path, "the expression needs")


def compact(good):
    """The vectors of the honest file in eight bits."""
    psn.save(honest(), good.path, bits=8)
    return tensors.read(good.path)[0]


@pytest.mark.parametrize(
    ("key", "change", "message"),
    [
        ("parameters.float32", torch.Tensor.int, "expected 36 int8 codes with"),
        ("parameters.float32", torch.Tensor.float, "expected 36 int8 codes with"),
        ("parameters.float32", lambda codes: codes[:-1], "expected 36 int8 codes with"),
        ("parameters.float32", lambda codes: codes[None], "expected 36 int8 codes with"),
        ("steps.parameters.float32", lambda steps: steps[:-1], "expected 36 int8 codes with"),
        ("steps.parameters.float32", lambda steps: steps[0], "expected 36 int8 codes with"),
        ("steps.parameters.float32", torch.Tensor.double, "36 float32 numbers, got float64"),
        ("steps.parameters.float32", torch.Tensor.int, "36 float32 numbers, got int32"),
        ("steps.parameters.float32", lambda steps: steps * torch.nan, "is not finite"),
        ("steps.parameters.float32", lambda steps: None, "36 float32 numbers, got int8"),
        ("steps.buffers.float32", lambda steps: torch.ones(2), "the expression needs"),
        ("steps.parameters.float64", lambda steps: torch.ones(2), "the expression needs"),
    ],
)
def test_eight_bits_that_do_not_fit(good, key, change, message):
    vectors = compact(good)
    vectors[key] = change(vectors.get(key))
    tensors.write(good.path, {k: v for k, v in vectors.items() if v is not None}, good.ours)
    refuse(good.path, message)


@FUZZ
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4))
def test_changed_bytes_of_eight_bits_are_refused_or_give_a_network(good, changes):
    compact(good)
    good.raw = good.path.read_bytes()
    raw = bytearray(good.raw)
    for position, value in changes:
        raw[position % len(raw)] = value
    good.path.write_bytes(bytes(raw))
    with contextlib.suppress(ValueError):
        assert all(t.isfinite().all() for t in psn.nn.stored_tensors(psn.load(good.path)))


@pytest.mark.parametrize("name", ["F4", "F8_E4M3", "F8_E8M0", "U64", "BOOL", "C64", "X"])
def test_types_of_numbers_that_nobody_writes(good, name):
    header = json.loads(json.dumps(good.header))
    header["parameters.float32"]["dtype"] = name
    with_header(good, header)
    refuse(good.path)


@contextlib.contextmanager
def little_memory():
    """Let this process have no more than 150 MB beyond what it has."""
    limits = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    resource.setrlimit(
        resource.RLIMIT_AS, (pages * resource.getpagesize() + 150 * 2**20, limits[1])
    )
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


def test_little_memory_is_little():
    # More than other tests of this process can have freed and left to the allocator.
    with little_memory(), pytest.raises(RuntimeError, match="alloc"):
        torch.empty(2**33, dtype=torch.uint8)


HUGE = 2**31 - 1


def linear(size):
    """One layer whose matrix the file does not hold."""
    sizes = {"out_features": size, "in_features": size}
    return [{"layer": "linear", **sizes, "operator": {"operator": 0}}], [{"kind": "dense", **sizes}]


STATISTICS = {"layer": "batch-norm-1d", "num_features": 10**6}
ABSURD = {
    "features": (*linear(HUGE), "would hold .* numbers"),
    "a large matrix": (*linear(9999), "the expression needs"),
    "statistics": ([{**STATISTICS, "num_features": HUGE}], [], "at most .* are allowed"),
    "many layers": ([{"layer": "relu"}] * 100_000, [], "a network has 1 to 1000 layers"),
    "many statistics": ([STATISTICS] * 900, [], "at most .* are allowed"),
}


@pytest.mark.parametrize("name", ABSURD)
def test_absurd_sizes_cost_nothing(good, name):
    layers, nodes, message = ABSURD[name]
    graph = {**good.ours["network"]["operators"], "nodes": nodes, "roots": [0]}
    network = {**good.ours["network"], "layers": layers, "operators": graph if nodes else None}
    with_ours(good, {**good.ours, "network": network})
    started = time.process_time()
    with little_memory():
        refuse(good.path, message)
    assert time.process_time() - started < 5


@pytest.mark.parametrize("shape", [[HUGE] * 8, [2**15, 2**15], [0], [-1, 2], [1.5], [], [[1]], "x"])
def test_absurd_input_shapes(good, shape):
    with_ours(good, replaced(good.ours, ("network", "input_shape"), shape))
    refuse(good.path)


def test_a_header_that_claims_to_be_huge(good):
    for size in (2**24 + 1, 2**40, 2**63, 2**64 - 1):
        good.path.write_bytes(struct.pack("<Q", size) + good.raw[8:])
        refuse(good.path, "not a readable safetensors file")


def test_a_header_that_is_huge_is_not_even_read(good):
    good.path.write_bytes(struct.pack("<Q", 2**25) + b"[" * 2**25)
    tracemalloc.start()
    refuse(good.path, "at most .* are read")
    assert tracemalloc.get_traced_memory()[1] < 10**6
    tracemalloc.stop()


def test_a_file_that_is_huge_is_not_even_read(good):
    with good.path.open("r+b") as file:
        file.truncate(2**32 + 1)  # sparse
    refuse(good.path, "at most .* are read")


def test_what_could_not_be_read_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="can be read"):
        tensors.write(tmp_path / "x", {"a": torch.zeros(1)}, {"a": "x" * 2**24})
    assert list(tmp_path.iterdir()) == []


def test_no_file(tmp_path):
    for path in (tmp_path, tmp_path / "none", "/dev/null", "\0"):
        with pytest.raises(FileNotFoundError, match="there is no file"):
            psn.load(path)
    with pytest.raises(FileNotFoundError, match="there is no file"):
        tensors.read(tmp_path)
