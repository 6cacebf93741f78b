"""Errors are one line in plain words, and the exit code says whose they are."""

import json
from dataclasses import replace

import click
import pytest
import torch
import typer
from tests.training.synthetic import network

from prodsumnet import data, storage
from prodsumnet.cli import errors
from prodsumnet.data.catalogue import CATALOGUE
from prodsumnet.nn import Linear, Network
from prodsumnet.operators import Dense

TINY = {"training": {"epochs": 2, "batch_size": 32, "augmentation": None}}


@pytest.fixture
def recipe(tmp_path):
    (tmp_path / "recipe").write_text(json.dumps(TINY))
    return "recipe"


def told(result, code, *words):
    """Check that a call failed with one line on stderr and nothing else."""
    assert (result.code, result.out) == (code, "")
    assert result.err.count("\n") == 1
    assert result.err.startswith("prodsumnet: ")
    for word in words:
        assert word in result.err


USAGE = {
    "nope": ["'nope'", "prodsumnet --help"],
    "trian small": ["'trian'"],
    "--nope": ["--nope"],
    "--debug": ["Missing command"],
    "train": ["Missing argument", "prodsumnet train --help"],
    "evaluate": ["Missing argument"],
    "count": ["Missing argument"],
    "summarize": ["Missing argument"],
    "data": ["Missing command", "prodsumnet data --help"],
    "data path": ["Missing argument", "prodsumnet data path --help"],
    "data nope": ["'nope'"],
    "train small --nope": ["--nope"],
    "train small --seed x": ["--seed"],
    "train small --seed": ["--seed"],
    "train small --epochs 1.5": ["--epochs"],
    "train small more": ["more"],
    "reproduce mnist": ["mnist"],
}


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("line", USAGE)
def test_usage(line, debug, call):
    told(call(*["--debug"] * debug, *line.split()), 2, *USAGE[line])


@pytest.mark.parametrize("kind", [click.UsageError, typer.BadParameter])
def test_usage_errors_of_any_version_of_click(kind):
    message, code = errors.explain(kind("a\nmistake"))
    assert code == 2
    assert "a mistake" in message
    assert "\n" not in message


MISTAKES = {
    "train none": ["no recipe file 'none'"],
    "train .": ["no recipe file '.'"],
    "train small --seed -1": ["seed: Input should be greater than or equal to 0, got -1"],
    "train small --epochs 0": ["training.epochs: Input should be greater than or equal to 1"],
    "reproduce --dataset cifar": [
        "dataset: Input should be 'mnist', 'fashion-mnist', 'breast-cancer' or"
    ],
    "evaluate none": ["no file 'none'", "no shipped network"],
    "count none": ["no file 'none'"],
    "data path cifar": ["unknown data set 'cifar': expected one of mnist, fashion-mnist"],
    "data fetch cifar": ["unknown data set"],
    "data verify cifar": ["unknown data set"],
    "families --shape 0 3": ["out_features must lie between 1"],
    "approximate dst x.json": ["target must be permutation or dct, got 'dst'"],
    "approximate dct x.json --size 0": ["size must lie between 1 and 1024, got 0"],
    "refit mnist-3554 x.json --layer 4": ["--layer must be name=family:numbers, got '4'"],
    "refit mnist-3554 x.json --layer 4=monarch": ["--layer must be name=family:numbers"],
    "summarize none": ["there are no records"],
}


@pytest.mark.parametrize("line", MISTAKES)
def test_mistakes(line, call):
    told(call(*line.split()), 2, *MISTAKES[line])


RECIPES = {
    '{"sede": 1}': ["sede: Extra inputs are not permitted"],
    '{"seed": "1"}': ["seed: Input should be a valid integer"],
    '{"budget": 0}': ["budget: Input should be greater"],
    '{"budget": 100001}': ["budget must lie between 1 and 100000, got 100001"],
    '{"network": "none"}': ["unknown network 'none'"],
    '{"network": "reference-cnn"}': ["reference-cnn has no choice of its size"],
    "{": ["recipe is not JSON"],
    "[1,\n\n2]": ["must hold a JSON object, got list"],
    " " * (2**20 + 1): ["larger than a recipe can be"],
}


@pytest.mark.parametrize("content", RECIPES, ids=lambda content: content[:30])
def test_broken_recipes_leave_nothing(content, call, tmp_path):
    (tmp_path / "recipe").write_text(content)
    told(call("train", "recipe"), 2, *RECIPES[content])
    assert [path.name for path in tmp_path.iterdir()] == ["recipe"]


@pytest.mark.parametrize("command", ["evaluate", "count"])
@pytest.mark.parametrize("content", [b"", b"\x80\x02junk", bytes(1000), b"{}" * 100])
def test_files_that_are_no_networks(command, content, call, tmp_path):
    (tmp_path / "model").write_bytes(content)
    told(call(command, "model"), 2, "model is not a readable safetensors file")


def test_a_network_for_other_images(call, small, tmp_path):
    storage.save(Network(Linear(5, 4, Dense(4, 5)), input_shape=(5,)), tmp_path / "model")
    told(call("evaluate", "model"), 2, "takes inputs of shape (5,), not synthetic's of (1, 8, 8)")


def test_a_network_that_says_it_is_for_other_data(call, tmp_path):
    storage.save(network(), tmp_path / "model", {"dataset": "cifar"})
    told(call("evaluate", "model"), 2, "unknown data set 'cifar'")


def test_another_run_in_the_folder(call, small, recipe):
    call("train", recipe, "--out", "run")
    told(call("train", recipe, "--out", "run", "--seed", "1"), 2, "run of another recipe")


def test_a_broken_state(call, small, recipe, tmp_path):
    call("train", recipe, "--out", "run")
    (tmp_path / "run" / "state.safetensors").write_bytes(b"junk")
    told(call("train", recipe, "--out", "run", "--resume"), 2, "state.safetensors is not")


def test_a_file_where_a_folder_should_be(call, small, recipe):
    told(call("train", recipe, "--out", "recipe"), 2, "recipe/recipe.json: cannot write: ")
    told(call("train", recipe, "--out", "recipe/run"), 2, "cannot write: ")


def test_a_folder_that_cannot_be_written_to(call, small, recipe, monkeypatch):
    def refuse(*arguments, **keywords):
        raise PermissionError(13, "Permission denied", "run")

    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    told(
        call("train", recipe, "--out", "run"),
        2,
        "run/recipe.json: cannot write: Permission denied",
    )


def test_a_full_disk(call, small, recipe, full_disk, tmp_path):
    told(call("train", recipe, "--out", "run"), 1, "recipe.json: cannot write: No space left on")
    assert list((tmp_path / "run").iterdir()) == []


class Closed:
    """A mirror behind a closed network."""

    def __str__(self):
        return "https://mirror.example/"

    def fetch(self, files, scratch, timeouts, progress):
        raise ConnectionError("Network is\nunreachable")


@pytest.fixture
def closed_network(monkeypatch, tmp_path):
    monkeypatch.delenv("PRODSUMNET_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setitem(CATALOGUE, "mnist", replace(CATALOGUE["mnist"], remotes=(Closed(),)))


@pytest.mark.parametrize("line", ["data path mnist", "data fetch mnist", "reproduce"])
def test_a_closed_network(line, call, closed_network):
    words = "mnist could not be had", "https://mirror.example/: Network is unreachable", "To go on"
    told(call(*line.split()), 1, *words)


def test_no_local_data(call, closed_network):
    told(call("data", "verify", "mnist"), 1, "mnist could not be had")


def test_a_training_that_diverges(call, small, recipe, monkeypatch):
    def build(name, budget=None, seed=0, family=None, options=None):
        model = network()
        with torch.no_grad():
            next(model.parameters()).fill_(1e38)
        return model

    monkeypatch.setattr("prodsumnet.models.build", build)
    words = "the loss is nan in epoch 1, step 1 of 10", "lower the learning rate"
    told(call("train", recipe), 1, *words)


def raising(error):
    def fail(*arguments, **keywords):
        raise error

    return fail


def test_a_mistake_of_ours(call, monkeypatch):
    monkeypatch.setattr("prodsumnet.data.folder", raising(KeyError("x")))
    told(call("data", "path", "mnist"), 1, "internal error, KeyError: 'x'", "--debug")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ValueError("words"), 2),
        (TypeError("words"), 2),
        (FileNotFoundError(2, "words", "file"), 2),
        (OSError(5, "words"), 1),
        (data.DataUnavailableError("words"), 1),
        (RuntimeError("words"), 1),
        (MemoryError("words"), 1),
        (KeyboardInterrupt(), 130),
    ],
    ids=lambda value: type(value).__name__,
)
def test_tracebacks_only_with_debug(error, code, call, monkeypatch):
    monkeypatch.setattr("prodsumnet.data.folder", raising(error))
    result = call("data", "path", "mnist")
    told(result, code)
    with_debug = call("--debug", "data", "path", "mnist")
    assert with_debug.code == code
    assert with_debug.err.startswith("Traceback (most recent call last)")
    assert with_debug.err.endswith(result.err)
    assert call("data", "path", "mnist") == result


def test_ctrl_c_says_how_to_go_on(call, small, recipe, monkeypatch):
    monkeypatch.setattr("prodsumnet.training.loop.predictions", raising(KeyboardInterrupt()))
    told(call("train", recipe), 130, "interrupted; the same command with --resume goes on")


def test_ctrl_c_elsewhere(call, monkeypatch):
    monkeypatch.setattr("prodsumnet.data.folder", raising(KeyboardInterrupt()))
    assert call("data", "path", "mnist").err == "prodsumnet: interrupted\n"
