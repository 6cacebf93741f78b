"""Recipes: strict, frozen, overlaid, and told apart by their digest."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from prodsumnet.experiments import Recipe, load_recipe, recipe_names
from prodsumnet.training import Augmentation, Training


def written(tmp_path, content):
    path = tmp_path / "recipe.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def test_an_empty_file_of_changes_is_the_default(tmp_path):
    assert load_recipe(written(tmp_path, {})) == Recipe()


def test_changes_are_merged_at_any_depth(tmp_path):
    changes = {"seed": 3, "training": {"epochs": 2, "augmentation": {"shift": 0.5}}}
    recipe = load_recipe(written(tmp_path, changes))
    default = Recipe()
    assert recipe.seed == 3
    assert recipe.budget == default.budget
    assert recipe.training.epochs == 2
    assert recipe.training.learning_rate == default.training.learning_rate
    assert recipe.training.augmentation == Augmentation(shift=0.5)
    assert default == Recipe()


def test_a_part_can_be_switched_off_and_on():
    off = Recipe().overlaid({"training": {"augmentation": None, "averaging": None}})
    assert (off.training.augmentation, off.training.averaging) == (None, None)
    on = off.overlaid({"training": {"augmentation": {"flip": True}}})
    assert on.training.augmentation == Augmentation(flip=True)


def test_numbers_are_taken_as_json_has_them():
    recipe = Recipe().overlaid({"training": {"learning_rate": 1, "betas": [0.8, 0.95]}})
    assert recipe.training.learning_rate == 1.0
    assert recipe.training.betas == (0.8, 0.95)


def test_frozen():
    for settings, name in ((Recipe(), "seed"), (Training(), "epochs"), (Augmentation(), "flip")):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(settings, name, 1)


@given(st.integers(0, 2**31 - 1), st.integers(1, 10_000), st.floats(1e-6, 10))
def test_a_recipe_is_its_json(seed, epochs, rate):
    changes = {"seed": seed, "training": {"epochs": epochs, "learning_rate": rate}}
    recipe = Recipe().overlaid(changes)
    again = Recipe.model_validate_json(recipe.model_dump_json())
    assert again == recipe
    assert again.digest() == recipe.digest()


def test_the_digest_tells_recipes_apart():
    changes = [
        {},
        {"seed": 1},
        {"budget": None},
        {"dataset": "fashion-mnist"},
        {"training": {"clip_norm": 1.0}},
        {"training": {"augmentation": {"flip": True}}},
    ]
    digests = {Recipe().overlaid(change).digest() for change in changes}
    assert len(digests) == len(changes)
    assert all(len(digest) == 12 and int(digest, 16) >= 0 for digest in digests)


def test_the_digest_is_that_of_the_sorted_json():
    recipe = Recipe(seed=5)
    text = json.dumps(json.loads(recipe.model_dump_json()), sort_keys=True)
    sha = hashlib.sha256(text.encode()).hexdigest()
    assert recipe.digest() == sha[:12]


REFUSED = {
    '{"sede": 1}': "sede: Extra inputs are not permitted, got 1",
    '{"training": {"augmentation": {"turn": 1}}}': "training.augmentation.turn: Extra",
    '{"seed": "1"}': "seed: Input should be a valid integer, got '1'",
    '{"seed": true}': "seed: Input should be a valid integer, got True",
    '{"seed": 1.0}': "seed: Input should be a valid integer",
    '{"seed": -1}': "seed: Input should be greater than or equal to 0",
    '{"seed": 2147483648}': "seed: Input should be less than 2147483648",
    '{"budget": 0}': "budget: Input should be greater than or equal to 1",
    '{"dataset": "cifar"}': "dataset: Input should be 'mnist', 'fashion-mnist', 'breast-cancer' or",
    '{"network": null}': "network: Input should be a valid string, got None",
    '{"training": 3}': "training: ",
    '{"training": null}': "training: ",
    '{"training": {"epochs": 0}}': "training.epochs: Input should be greater",
    '{"training": {"learning_rate": NaN}}': "training.learning_rate: Input should be a finite",
    '{"training": {"learning_rate": "0.1"}}': "training.learning_rate: Input should be a valid num",
    '{"training": {"weight_decay": 1e999}}': "training.weight_decay: Input should be a finite",
    '{"training": {"betas": [0.9, 1.0]}}': "training.betas.1: Input should be less than 1",
    '{"training": {"betas": [0.9]}}': "training.betas",
    '{"training": {"warmup": 1.0}}': "training.warmup: Input should be less than 1",
    '{"training": {"precision": "float16"}}': "training.precision: Input should be",
    '{"training": {"clip_norm": 0}}': "training.clip_norm: Input should be greater than 0",
    '{"training": {"augmentation": {"flip": 1}}}': "training.augmentation.flip: Input should be",
    '{"seed": ' + "[" * 150 + "]" * 150 + "}": "seed: Input should be a valid integer",
    '{"seed": ' + "[" * 400 + "]" * 400 + "}": "recursion limit",
    "": "is not JSON",
    "{": "is not JSON",
    "seed: 3": "is not JSON",
    "[" * 100_000: "is not JSON",
    '{"seed": ' + "9" * 5000 + "}": "is not JSON",
    "[]": "must hold a JSON object, got list",
    "null": "must hold a JSON object, got NoneType",
}


@pytest.mark.parametrize("content", REFUSED, ids=lambda content: content[:40])
def test_what_is_no_recipe_is_refused_in_few_words(content, tmp_path):
    path = written(tmp_path, content)
    with pytest.raises(ValueError, match=r".") as caught:
        load_recipe(path)
    assert str(caught.value).startswith(path)
    assert REFUSED[content] in str(caught.value)
    assert len(str(caught.value)) < len(path) + 300


def test_json_itself_is_a_recipe():
    text = ' {"seed": 3, "training": {"epochs": 2}}'
    assert load_recipe(text) == Recipe().overlaid({"seed": 3, "training": {"epochs": 2}})
    with pytest.raises(ValueError, match="the recipe given is not JSON"):
        load_recipe("{")
    with pytest.raises(ValueError, match=r"the recipe given: seed: .*got 'x'"):
        load_recipe('{"seed": "x"}')


def test_changes_are_what_makes_the_recipe():
    changes = {"options": {"a": 1}, "training": {"averaging": None, "augmentation": {"shift": 0.5}}}
    assert Recipe().overlaid(changes).changes() == changes
    off = {"budget": None, "training": {"augmentation": None}}
    assert Recipe().overlaid(off).changes() == off
    assert Recipe().changes() == {}


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "recipe"
    path.write_bytes(b"\xff\xfe{}")
    with pytest.raises(ValueError, match="is not JSON"):
        load_recipe(str(path))


def test_a_file_larger_than_a_recipe(tmp_path):
    path = written(tmp_path, '{"seed": 1' + " " * 2**20 + "}")
    with pytest.raises(ValueError, match="is larger than a recipe can be"):
        load_recipe(path)


def test_names(tmp_path, monkeypatch):
    assert {"dense", "fashion", "long", "small"} <= set(recipe_names())
    for name in recipe_names():
        assert load_recipe(name) != Recipe()
    with pytest.raises(FileNotFoundError, match="no recipe file 'none', and no recipe of that"):
        load_recipe("none")
    with pytest.raises(FileNotFoundError, match="no recipe file"):
        load_recipe("../recipes/long")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "long").write_text('{"seed": 77}')
    assert load_recipe("long").seed == 77


def test_changes_nested_beyond_any_recipe():
    value = 1
    for _ in range(5000):
        value = [value]
    with pytest.raises(ValueError, match="a value is nested too deeply"):
        Recipe().overlaid({"seed": value})
