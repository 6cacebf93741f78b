"""The functions that users call, on small data and on the real data sets."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from prodsumnet import data
from prodsumnet.data.catalogue import CATALOGUE

if TYPE_CHECKING:
    from conftest import FaultyServer, Sample


def test_names() -> None:
    """Two data sets of images are known, and two tables."""
    assert data.names() == ("mnist", "fashion-mnist", "breast-cancer", "wine")


@pytest.mark.parametrize("function", [data.folder, data.verify, data.load])
def test_unknown_name(function: Callable[[str], object]) -> None:
    """An unknown name is answered with the known ones."""
    with pytest.raises(ValueError, match="'cifar': expected one of mnist, fashion-mnist"):
        function("cifar")


def test_small_data(
    sample: Sample, server: FaultyServer, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a mirror to tensors, through the public functions."""
    info = sample.info(server.mirror("good", sample))
    monkeypatch.setitem(CATALOGUE, "mnist", info)
    with pytest.raises(data.DataUnavailableError, match="there is no such folder"):
        data.verify("mnist")
    assert server.asked == []

    small = data.load("mnist", timeouts=data.Timeouts(connect=2.0))
    assert len(server.asked) == 4
    raw = sample.raw["t10k-images-idx3-ubyte"][16:]
    assert small.test_images.dtype == torch.uint8
    assert small.test_images.shape == (3, 1, 4, 5)
    assert bytes(small.test_images.flatten().tolist()) == raw
    assert small.train_images.shape == (7, 1, 4, 5)
    assert small.train_labels.dtype == small.test_labels.dtype == torch.int64
    assert small.train_labels.tolist() == list(sample.raw["train-labels-idx1-ubyte"][8:])
    assert small.test_labels.tolist() == list(sample.raw["t10k-labels-idx1-ubyte"][8:])

    digests = {name: hashlib.sha256(raw).hexdigest() for name, raw in sample.raw.items()}
    assert small.digest == hashlib.sha256("".join(digests.values()).encode()).hexdigest()
    assert data.verify("mnist") == digests
    assert data.folder("mnist") == cache / "mnist"
    assert len(server.asked) == 4


def test_verify_refuses_without_fetching(
    sample: Sample, server: FaultyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changed file is found, and nobody is asked for another."""
    monkeypatch.setitem(CATALOGUE, "mnist", sample.info(server.mirror("good", sample)))
    root = sample.write(tmp_path / "root")
    assert list(data.verify("mnist", root)) == list(sample.raw)
    (root / "t10k-labels-idx1-ubyte").write_bytes(sample.raw["t10k-labels-idx1-ubyte"] + b"x")
    with pytest.raises(data.DataUnavailableError, match="t10k-labels-idx1-ubyte: holds more"):
        data.verify("mnist", root)
    assert server.asked == []


def test_one_data_set_does_not_pass_for_the_other(
    sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have the same file names and sizes; the digests tell them apart."""
    other = {name: raw[:-1] + b"!" for name, raw in sample.raw.items()}
    info = dataclasses.replace(sample, raw=other).info()
    monkeypatch.setitem(CATALOGUE, "fashion-mnist", dataclasses.replace(info, name="fashion-mnist"))
    with pytest.raises(data.DataUnavailableError, match="SHA-256"):
        data.load("fashion-mnist", sample.write(tmp_path / "root"))


def make(samples: int) -> data.Dataset:
    """Return a data set whose labels are 0, 1, 2, ..."""
    images = torch.arange(samples, dtype=torch.uint8).reshape(-1, 1, 1, 1)
    return data.Dataset("any", images, torch.arange(samples), images[:1], torch.zeros(1), "digest")


def test_split() -> None:
    """The last samples are for validation; nothing is lost, copied or repeated."""
    whole = make(10)
    cut = whole.split(3)
    assert cut.train_labels.tolist() == list(range(7))
    assert cut.validation_labels.tolist() == [7, 8, 9]
    assert cut.train_images.flatten().tolist() == list(range(7))
    assert cut.validation_images.flatten().tolist() == [7, 8, 9]
    assert cut.train_images.data_ptr() == whole.train_images.data_ptr()


@pytest.mark.parametrize("validation", [0, -1, 10, 11])
def test_split_out_of_range(validation: int) -> None:
    """Both parts must have a sample."""
    with pytest.raises(ValueError, match=f"validation={validation}: expected from 1 to 9"):
        make(10).split(validation)


def test_dataset_is_frozen_and_prints_briefly() -> None:
    """A data set is a value; its text is for records and not for reading pixels."""
    whole = make(10)
    with pytest.raises(dataclasses.FrozenInstanceError):
        whole.digest = "other"  # pyright: ignore[reportAttributeAccessIssue]
    assert repr(whole) == "Dataset(name='any', digest='digest')"


# Facts about the data sets that do not follow from the digests in the catalogue.
FACTS = {
    "mnist": (
        "c65580678af93f1ea48c2c0d01d543ec89307c6b8a0eb7ca542d7c18c5f4c681",
        [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
        [5, 0, 4, 1, 9, 2, 1, 3, 1, 4],
        0.1307,
        0.3081,
    ),
    "fashion-mnist": (
        "d1fd84a877f3b78fa9a171b3de73f93e7b6f69ed94bada3feae9d96821401f5c",
        [6000] * 10,
        [9, 0, 0, 3, 0, 2, 7, 2, 5, 5],
        0.2860,
        0.3530,
    ),
}


@pytest.mark.parametrize("name", FACTS)
def test_real_data(real_data: dict[str, data.Dataset], name: str) -> None:
    """The real data sets have the shapes, labels and grey values that are known of them."""
    digest, counts, first, mean, deviation = FACTS[name]
    real = real_data[name]
    assert real.name == name
    assert real.digest == digest
    assert real.train_images.shape == (60_000, 1, 28, 28)
    assert real.test_images.shape == (10_000, 1, 28, 28)
    assert real.train_images.dtype == real.test_images.dtype == torch.uint8
    assert real.train_labels.shape == (60_000,)
    assert real.test_labels.shape == (10_000,)
    assert real.train_labels.dtype == real.test_labels.dtype == torch.int64
    assert real.train_labels.bincount().tolist() == counts
    assert real.train_labels[:10].tolist() == first
    grey = real.train_images.float() / 255
    assert grey.mean().item() == pytest.approx(mean, abs=1e-4)
    assert grey.std().item() == pytest.approx(deviation, abs=1e-4)
    assert len(real.split().validation_labels) == 5_000
    assert torch.equal(real.split().validation_images, real.train_images[55_000:])
