"""A recipe, run in a folder: what is written there, and that it is true."""

import json
from dataclasses import replace

import pytest
import torch
from tests.training.synthetic import BATCH, dataset, network, numbers, same

import prodsumnet as psn
from prodsumnet.experiments import Recipe, read_record, run
from prodsumnet.storage import about
from prodsumnet.training import NonFiniteLossError, Training, accuracy

RECIPE = Recipe(
    budget=None,
    network="reference-cnn",
    seed=4,
    training=Training(epochs=2, batch_size=BATCH, augmentation=None),
)


@pytest.fixture
def asked(monkeypatch):
    """A small network and data set in the place of the real ones, and what was asked for."""
    asked = []

    def build(name, budget, seed, family, options):
        asked.append((name, budget, seed, family))
        return network(torch.initial_seed())

    monkeypatch.setattr(psn.models, "build", build)
    monkeypatch.setattr(psn.data, "load", lambda name: asked.append(name) or dataset())
    return asked


def test_the_record_says_what_the_model_is(asked, tmp_path):
    record = run(RECIPE, tmp_path, "prodsumnet train x")
    assert asked == [("reference-cnn", None, 4, None), "mnist"]
    assert read_record(tmp_path / "record.json") == record
    model, data = psn.load(tmp_path / "model.safetensors"), dataset()
    size = psn.count(model)
    assert (record.trainable, record.stored) == (size.trainable, size.stored)
    assert (record.bytes, record.macs) == (size.bytes, size.macs)
    assert record.file_bytes == (tmp_path / "model.safetensors").stat().st_size
    assert record.test_accuracy == accuracy(model, data.test_images, data.test_labels)
    hits = sum(row[position] for position, row in enumerate(record.confusion))
    assert hits / len(data.test_labels) == record.test_accuracy
    assert sum(map(sum, record.confusion)) == len(data.test_labels)
    formulas = [repr(layer.operator) for layer in model if hasattr(layer, "operator")]
    assert record.operators == formulas != []
    assert record.validation_accuracy == record.history[-1]["validation_accuracy"]
    assert [entry["epoch"] for entry in record.history] == [1, 2]
    assert (record.epochs, record.recipe, record.data_digest) == (2, RECIPE, data.digest)
    assert record.command == "prodsumnet train x"
    assert about(tmp_path / "model.safetensors") == {"dataset": "mnist", "recipe": RECIPE.digest()}
    assert json.loads((tmp_path / "recipe.json").read_text()) == RECIPE.model_dump(mode="json")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "model.safetensors",
        "recipe.json",
        "record.json",
        "state.safetensors",
    ]


def test_the_seed_decides_the_initial_numbers(asked, tmp_path):
    torch.manual_seed(999)
    run(RECIPE, tmp_path / "a", "")
    torch.manual_seed(111)
    run(RECIPE, tmp_path / "b", "")
    run(RECIPE.model_copy(update={"seed": 5}), tmp_path / "c", "")
    first, again, other = (
        numbers(psn.load(tmp_path / name / "model.safetensors")) for name in "abc"
    )
    assert same(first, again)
    assert not same(first, other)


def test_the_test_set_is_looked_at_once_at_the_end(asked, tmp_path, monkeypatch):
    looks = []

    class Watched(torch.Tensor):
        def split(self, size):
            looks.append(len(list(steps)))
            return self.as_subclass(torch.Tensor).split(size)

    steps = []
    data = dataset()
    watched = replace(data, test_images=data.test_images.as_subclass(Watched))
    monkeypatch.setattr(psn.data, "load", lambda name: watched)
    run(RECIPE, tmp_path, "", progress=lambda *call: steps.append(call))
    assert looks == [len(steps)]


def stopping_at(step):
    def progress(done, total, last):
        if done == step:
            raise KeyboardInterrupt

    return progress


def test_resumed_to_the_same_model(asked, tmp_path):
    expected = run(RECIPE, tmp_path / "a", "")
    with pytest.raises(KeyboardInterrupt):
        run(RECIPE, tmp_path / "b", "", progress=stopping_at(15))
    assert not (tmp_path / "b" / "record.json").exists()
    steps = []
    found = run(
        RECIPE, tmp_path / "b", "", resume=True, progress=lambda done, *_: steps.append(done)
    )
    assert steps[0] == 11
    for name in ("test_accuracy", "validation_accuracy", "history", "recipe"):
        assert getattr(found, name) == getattr(expected, name)
    first, second = (tmp_path / name / "model.safetensors" for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_without_resuming_it_starts_anew(asked, tmp_path):
    run(RECIPE, tmp_path, "")
    steps = []
    run(RECIPE, tmp_path, "", progress=lambda done, *_: steps.append(done))
    assert steps[0] == 1


@pytest.mark.parametrize("resume", [True, False])
def test_a_folder_belongs_to_one_recipe(resume, asked, tmp_path):
    run(RECIPE, tmp_path, "")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    other = RECIPE.overlaid({"training": {"clip_norm": 1.0}})
    with pytest.raises(ValueError, match="holds the run of another recipe; give another folder"):
        run(other, tmp_path, "", resume)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_folder_with_a_broken_recipe_is_not_taken(asked, tmp_path):
    (tmp_path / "recipe.json").write_text("{")
    with pytest.raises(ValueError, match="holds the run of another recipe"):
        run(RECIPE, tmp_path, "")


def test_a_network_that_cannot_be_built_leaves_no_folder(tmp_path):
    for recipe in (RECIPE.overlaid({"budget": 3}), RECIPE.overlaid({"network": "none"})):
        with pytest.raises(ValueError, match=r"no choice of its size|unknown network"):
            run(recipe, tmp_path / "run", "")
    assert not (tmp_path / "run").exists()


def test_a_training_that_diverges_leaves_no_record(asked, tmp_path, monkeypatch):
    def build(name, budget, seed, family, options):
        model = network()
        with torch.no_grad():
            next(model.parameters()).fill_(1e38)
        return model

    monkeypatch.setattr(psn.models, "build", build)
    with pytest.raises(NonFiniteLossError, match="epoch 1, step 1 of 10"):
        run(RECIPE, tmp_path, "")
    assert [path.name for path in tmp_path.iterdir()] == ["recipe.json"]
