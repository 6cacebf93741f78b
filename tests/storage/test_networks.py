"""Networks to files and back."""

import json
import struct

import pytest
import torch
from torch import nn

import prodsumnet as psn
from prodsumnet import models, storage
from prodsumnet.nn import Bias, Conv2d, Linear, Network, Scale
from prodsumnet.operators import (
    DCT,
    Circulant,
    Constant,
    Dense,
    Diagonal,
    Hadamard,
    Hashed,
    Permutation,
    RandomSigns,
)
from prodsumnet.storage.quantization import dequantize, quantize


def contents(path):
    """The header of a safetensors file, taken apart by hand, and the bytes after it."""
    raw = path.read_bytes()
    (size,) = struct.unpack("<Q", raw[:8])
    return json.loads(raw[8 : 8 + size]), raw[8 + size :]


def sizes(path):
    header, _ = contents(path)
    return {
        name: torch.Size(entry["shape"]).numel()
        for name, entry in header.items()
        if name != "__metadata__"
    }


def perturb(model):
    """Give every stored number a value that no constructor gives."""
    generator = torch.Generator().manual_seed(1)
    for tensor in psn.nn.stored_tensors(model):
        noise = torch.rand(tensor.shape, generator=generator, dtype=torch.float64)
        with torch.no_grad():
            tensor.copy_(noise + (0.5j if tensor.is_complex() else 0.5))
    return model.eval()


def shared():
    factor = Dense(16, 16)
    first, second = factor @ Hadamard(16), factor.T @ RandomSigns(16, 16, seed=4)
    return Network(Linear(16, 16, first), nn.ReLU(), Linear(16, 16, second), input_shape=(16,))


def normed():
    return Network(
        Conv2d(1, 4, 3, Dense(4, 9), padding="same"),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        Linear(36, 5, Dense(5, 36), bias=False),
        nn.BatchNorm1d(5, affine=False),
        Bias(5),
        Scale(0.5),
        nn.RMSNorm(5),
        input_shape=(1, 6, 6),
    )


def seeded():
    operator = Hashed(8, 16, 20, seed=2) @ Permutation(16, seed=3) @ DCT(16)
    return Network(Linear(16, 8, operator), input_shape=(16,))


def given():
    matrix = Constant.of(torch.arange(12.0).reshape(3, 4) / 7)
    return Network(Linear(4, 3, Diagonal(3) @ matrix), input_shape=(4,))


def typed(dtype):
    def build():
        operator = Dense(3, 4, dtype=dtype) @ Circulant(4, dtype=dtype)
        fixed = Constant.of(torch.ones(3, 4, dtype=dtype))
        return Network(Linear(4, 3, operator + fixed, bias=False), input_shape=(4,))

    return build


DTYPES = (
    torch.float16,
    torch.bfloat16,
    torch.float32,
    torch.float64,
    torch.complex64,
    torch.complex128,
)
BUILDERS = {
    "shared": shared,
    "normed": normed,
    "seeded": seeded,
    "given": given,
    "decomposed": lambda: models.build("decomposed-cnn", 3554, seed=1),
    "tiny": lambda: models.build("decomposed-cnn", 40, seed=1),
    **{str(dtype).split(".")[1]: typed(dtype) for dtype in DTYPES},
}


@pytest.mark.parametrize("name", BUILDERS)
def test_round_trip_to_the_bit(name, tmp_path):
    model, path = perturb(BUILDERS[name]()), tmp_path / "model"
    psn.save(model, path)
    torch.manual_seed(12345)
    loaded = psn.load(path)
    before, after = (psn.nn.stored_tensors(m) for m in (model, loaded))
    assert [(t.dtype, t.shape) for t in after] == [(t.dtype, t.shape) for t in before]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert not loaded.training
    assert loaded.spec() == model.spec()
    numbers = next(iter(model.parameters()))
    x = torch.rand(3, *model.input_shape).to(numbers.dtype)
    assert torch.equal(loaded(x), model(x))


@pytest.mark.parametrize("name", BUILDERS)
def test_the_file_holds_the_stored_numbers_and_no_other(name, tmp_path):
    model, path = BUILDERS[name](), tmp_path / "model"
    storage.save(model, path)
    count = psn.count(model)
    assert sum(sizes(path).values()) == count.stored
    assert len(contents(path)[1]) == count.bytes


@pytest.mark.parametrize("name", BUILDERS)
def test_eight_bits_are_the_nearest_of_255_multiples(name, tmp_path):
    model, path = perturb(BUILDERS[name]()), tmp_path / "model"
    with torch.no_grad():
        next(model.parameters()).mul_(-3)
    psn.save(model, path, bits=8)
    loaded = psn.load(path)
    for before, after in zip(*map(psn.nn.stored_tensors, (model, loaded)), strict=True):
        assert after.dtype == before.dtype
        if not isinstance(before, nn.Parameter):
            assert torch.equal(before, after)
            continue
        parts = [torch.view_as_real(t) if t.is_complex() else t for t in (before, after)]
        exact, rounded = (t.detach().double() for t in parts)
        step = exact.abs().max() / 127
        precision = torch.finfo(before.dtype).eps * exact.abs().max()
        assert (exact - rounded).abs().max() <= step / 2 + 2 * precision
        assert (exact - rounded).abs().max() > 0
        assert len(rounded.unique()) <= 255
    parameters = sum(p.numel() * (2 if p.is_complex() else 1) for p in model.parameters())
    header, _ = contents(path)
    codes = [v for k, v in header.items() if k.startswith("parameters.")]
    assert {entry["dtype"] for entry in codes} == {"I8"}
    assert sum(entry["shape"][0] for entry in codes) == parameters


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_the_largest_number_keeps_its_sign_in_every_type(dtype):
    """A step that is rounded down must not lead beyond the largest code."""
    for mantissa in range(128):
        largest = torch.tensor([1 + mantissa / 128, -1 - mantissa / 128, 0.5], dtype=dtype)
        codes, steps = quantize([largest])
        assert codes.tolist()[:2] == [127, -127]
        found = dequantize(codes, steps, [3])
        assert found.dtype == dtype
        torch.testing.assert_close(found, largest, rtol=0.02, atol=0.01)


def test_rounding_again_changes_nothing(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    psn.save(perturb(normed()), first, bits=8)
    psn.save(psn.load(first), second, bits=8)
    numbers = [psn.nn.stored_tensors(psn.load(path)) for path in (first, second)]
    for before, after in zip(*numbers, strict=True):
        torch.testing.assert_close(before, after, rtol=1e-6, atol=0)


def test_zeros_in_eight_bits_stay_zeros(tmp_path):
    model = shared()
    with torch.no_grad():
        next(model.parameters()).zero_()
    psn.save(model, tmp_path / "model", bits=8)
    assert not next(psn.load(tmp_path / "model").parameters()).any()


def test_a_number_of_bits_is_eight(tmp_path):
    with pytest.raises(ValueError, match="bits must be 8, or None for numbers as they are, got 4"):
        psn.save(shared(), tmp_path / "model", bits=4)
    assert list(tmp_path.iterdir()) == []


def test_what_is_shared_is_stored_once_and_shared_again(tmp_path):
    path = tmp_path / "model"
    psn.save(shared(), path)
    assert sizes(path) == {"parameters.float32": 16 * 16 + 16 + 16}
    loaded = psn.load(path)
    assert psn.count(loaded).trainable == 16 * 16 + 16 + 16
    with torch.no_grad():
        next(loaded[0].operator.parameters()).zero_()
    assert not loaded[2].operator.to_dense().any()


def test_running_statistics_are_kept_beside_the_parameters(tmp_path):
    path = tmp_path / "model"
    psn.save(normed(), path)
    assert sizes(path)["buffers.float32"] == 2 * 4 + 2 * 5


def test_a_network_of_3554_numbers_is_at_most_20_kilobytes(tmp_path):
    path = tmp_path / "model"
    model = models.build("decomposed-cnn", 3554, seed=2**31 - 1)
    storage.save(model, path, {"dataset": "fashion-mnist", "recipe": "0" * 12})
    assert sizes(path) == {"parameters.float32": 3554}
    assert path.stat().st_size <= 20_000


def test_a_seed_costs_no_room(tmp_path):
    """Budgets below the structure's entries are signs and hashes, and none of them is kept."""
    storage.save(models.build("decomposed-cnn", 40), tmp_path / "model")
    assert (tmp_path / "model").stat().st_size < 12_000


def test_about_is_kept(tmp_path):
    path = tmp_path / "model"
    storage.save(seeded(), path, {"dataset": "mnist", "n": [1, None]})
    assert storage.about(path) == {"dataset": "mnist", "n": [1, None]}
    storage.save(seeded(), path)
    assert storage.about(str(path)) == {}


def test_no_pickle_in_the_file(tmp_path):
    path = tmp_path / "model"
    psn.save(seeded(), path)
    header, _ = contents(path)
    assert set(header) == {"__metadata__", "parameters.float32"}
    assert json.loads(header["__metadata__"]["prodsumnet"])["format"] == "prodsumnet-model"


def test_only_networks_with_finite_numbers_are_saved(tmp_path):
    path = tmp_path / "model"
    with pytest.raises(TypeError, match=r"save takes a prodsumnet\.nn\.Network, got Linear"):
        psn.save(nn.Linear(2, 2), path)
    for value in (float("nan"), float("inf")):
        model = shared()
        with torch.no_grad():
            next(model.parameters()).fill_(value)
        with pytest.raises(ValueError, match=r"parameters\.float32 is not finite"):
            psn.save(model, path)
    with pytest.raises(ValueError, match="Out of range"):
        storage.save(shared(), path, {"x": float("nan")})
    with pytest.raises(TypeError, match="not JSON serializable"):
        storage.save(shared(), path, {"x": object()})
    assert list(tmp_path.iterdir()) == []


def test_names(tmp_path, monkeypatch):
    monkeypatch.setattr("prodsumnet.storage.networks._SHIPPED", tmp_path / "shipped")
    assert storage.shipped_names() == ()
    with pytest.raises(FileNotFoundError, match=r"no file 'nine', .*\(shipped: none\)"):
        psn.load("nine")
    model = perturb(seeded())
    storage.save(model, tmp_path / "shipped" / "nine.safetensors", {"dataset": "mnist"})
    assert storage.shipped_names() == ("nine",)
    assert torch.equal(psn.load("nine")[0].weight, model[0].weight)
    assert storage.about("nine") == {"dataset": "mnist"}
    for name in ("eight", "../shipped/nine", "", "nine.safetensors"):
        with pytest.raises(FileNotFoundError, match=r"\(shipped: nine\)"):
            psn.load(name)


def test_a_file_goes_before_a_name(tmp_path, monkeypatch):
    monkeypatch.setattr("prodsumnet.storage.networks._SHIPPED", tmp_path / "shipped")
    storage.save(seeded(), tmp_path / "shipped" / "nine.safetensors")
    storage.save(shared(), tmp_path / "nine")
    monkeypatch.chdir(tmp_path)
    assert len(psn.load("nine")) == 3


def test_shipped_networks_are_read():
    for name in storage.shipped_names():
        assert psn.count(psn.load(name)).trainable > 0
