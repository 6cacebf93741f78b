"""Tables on the command line: trained end to end, and refused in one line."""

import json
import sys
from pathlib import Path

import pytest

from prodsumnet import data
from prodsumnet.experiments import default_space, load_recipe, read_record

TABLE = {"dataset": "wine", "network": "table-network", "budget": 100}
PLAIN = {"augmentation": None, "batch_size": 16}
RECIPES = ("breast-cancer", "breast-cancer-62", "wine", "wine-42")


def test_a_shipped_recipe_is_trained_and_evaluated(call):
    code, out, _ = call("train", "wine", "--epochs", 12, "--out", "run")
    record = read_record(Path("run/record.json"))
    assert (code, record.trainable, record.stored) == (0, 100, 100)
    assert f"test accuracy {record.test_accuracy:.2%}" in out
    assert sum(map(sum, record.confusion)) == 36
    assert record.data_digest == data.load("wine").digest
    assert record.test_accuracy > 0.8
    code, out, _ = call("evaluate", "run/model.safetensors", "--json")
    found = json.loads(out)
    assert (code, found["dataset"], found["test_accuracy"]) == (0, "wine", record.test_accuracy)


@pytest.mark.parametrize("name", RECIPES)
def test_shipped_recipes_fit_their_tables(name):
    recipe = load_recipe(name)
    table = data.load(recipe.dataset)
    assert recipe.options["features"] == table.train_images.shape[1]
    assert recipe.options["classes"] == table.classes
    assert recipe.training.augmentation is None


def test_verify_prints_the_digest(call):
    digest = data.load("wine").digest
    assert call("data", "verify", "wine") == (0, f"{digest}  wine\n", "")


MISTAKES = {
    "images": ({"dataset": "wine"}, "decomposed-cnn takes inputs of shape (1, 28, 28), not wine's"),
    "features": (
        TABLE | {"dataset": "breast-cancer"},
        "table-network takes inputs of shape (13,), not breast-cancer's of (30,)",
    ),
    "classes": (TABLE | {"options": {"classes": 4}}, "tells 4 classes apart, wine has 3"),
    "option": (TABLE | {"options": {"feature": 4}}, "has no option 'feature'"),
    "batch": (TABLE | {"training": {"augmentation": None}}, "exceeds the 106 training samples"),
    "augmented": (TABLE | {"training": {"batch_size": 16}}, "augmentation is for images"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_mistakes_are_one_line(case, call):
    recipe, message = MISTAKES[case]
    training = {"training": PLAIN} if case not in {"batch", "augmented"} else {}
    code, out, err = call("train", json.dumps(recipe | training))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert message in err


@pytest.mark.parametrize("command", ["path", "fetch"])
def test_there_are_no_files_of_tables(command, call):
    code, out, err = call("data", command, "wine")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "wine is a part of scikit-learn" in err


@pytest.mark.parametrize("arguments", [("train", "wine"), ("data", "verify", "wine")])
def test_without_scikit_learn_the_extra_is_named(arguments, call, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert err == "prodsumnet: wine needs scikit-learn: pip install 'prodsumnet[tabular]'\n"


def test_a_search_does_not_augment_tables():
    space = default_space(load_recipe("wine"))
    assert space.augmentation is None
    assert "low-rank" in space.family
    space.check(load_recipe("wine"))
