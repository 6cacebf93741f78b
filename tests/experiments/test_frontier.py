"""Specifications: what they expand to, what is chosen of them, and what they refuse."""

from pathlib import Path

import pytest
from tests.experiments.sweeping import specification

from prodsumnet.experiments import Recipe, expand, frontier_names, load_frontier

ARCHITECTURES = {
    "own": {"budgets": [10000]},
    "wide": {"recipe": {"network": "hidden-layer", "training": {"learning_rate": 0.05}}},
    "fixed": {"recipe": {"network": "circulant-cnn"}, "budgets": []},
}


@pytest.fixture
def frontier(tmp_path):
    path = specification(tmp_path, 3, 2, budgets=[30000, 1], architectures=ARCHITECTURES)
    return load_frontier(str(path))


def points(frontier):
    return [
        (job.recipe.dataset, job.recipe.network, job.recipe.budget, job.recipe.seed)
        for job in expand(frontier, Path())[0]
    ]


def test_expands_to_recipes_and_says_what_cannot_be_built(frontier, tmp_path):
    jobs, refused = expand(frontier, tmp_path)
    first = [
        ("mnist", "decomposed-cnn", 10000, 0),
        ("mnist", "hidden-layer", 30000, 0),
        ("mnist", "circulant-cnn", None, 0),
    ]
    assert points(frontier) == first + [(*point[:3], 1) for point in first]
    ((point, reason),) = refused
    assert point == "mnist, wide, 1"
    assert "hidden features must lie between 1" in reason
    assert jobs[1].name == "mnist, wide, 30,000, seed 0"
    assert jobs[1].recipe == Recipe().overlaid(
        {
            "network": "hidden-layer",
            "budget": 30000,
            "training": {
                "epochs": 3,
                "batch_size": 32,
                "augmentation": None,
                "learning_rate": 0.05,
            },
        }
    )
    for job in jobs:
        assert job.folder == tmp_path / job.recipe.digest()


def test_two_ways_to_one_recipe_are_one_run(tmp_path):
    path = specification(tmp_path, 1, 1, architectures={"a": {}, "b": {}})
    assert len(expand(load_frontier(str(path)), tmp_path)[0]) == 1


def test_overlays_go_from_the_general_to_the_special(tmp_path):
    rates = [{"training": {"learning_rate": rate, name: 0.5}} for rate, name in RATES]
    changes = {
        "recipe": rates[0],
        "datasets": {"mnist": rates[1]},
        "architectures": {"a": {"recipe": rates[2]}},
    }
    frontier = load_frontier(str(specification(tmp_path, **changes))).selected(epochs=7)
    training = expand(frontier, tmp_path)[0][0].recipe.training
    assert training.learning_rate == 0.3
    assert [getattr(training, name) for _, name in RATES] == [0.5] * 3
    assert training.epochs == 7


RATES = ((0.1, "weight_decay"), (0.2, "clip_norm"), (0.3, "label_smoothing"))


def test_a_choice_of_a_frontier(frontier):
    chosen = frontier.selected(
        ["fashion-mnist"], ["own", "hidden-layer"], [700, 30000], seeds=1, epochs=2
    )
    assert points(chosen) == [
        ("fashion-mnist", "decomposed-cnn", 700, 0),
        ("fashion-mnist", "decomposed-cnn", 30000, 0),
        ("fashion-mnist", "hidden-layer", 30000, 0),
    ]
    assert chosen.digest() != frontier.digest() == frontier.selected().digest()
    jobs, refused = expand(frontier.selected(networks=["fixed"], budgets=[5]), Path())
    assert jobs == []
    assert "no choice of its size" in refused[0].reason


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"datasets": ["none"]}, "dataset: .*got 'none'"),
        ({"networks": ["own", "none"]}, "network must be one of own, wide, .*, got 'none'"),
        ({"budgets": [0]}, "budgets.0: .*got 0"),
        ({"seeds": 0}, "seeds: .*got 0"),
        ({"epochs": 0}, "epochs: .*got 0"),
    ],
)
def test_a_bad_choice_says_what_is_wrong(changes, message, frontier):
    with pytest.raises(ValueError, match=message):
        frontier.selected(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"architectures": {"x": {"recipe": {"network": "none"}}}}, "unknown network 'none'"),
        ({"architectures": {"x": {"recipe": {"family": "none"}}}}, "unknown family 'none'"),
        ({"architectures": {}}, "architectures: .*at least 1"),
        ({"recipe": {"seed": 3}}, "seed is set by the sweep"),
        ({"recipe": {"training": {"epochs": 0}}}, "recipe: training.epochs: .*got 0"),
        ({"budgets": []}, "architectures.a: there are no budgets"),
        ({"datasets": {"none": {}}}, "dataset: .*got 'none'"),
        ({"seeds": 0}, "seeds: .*got 0"),
        ({"sedes": 2}, "sedes: Extra"),
    ],
)
def test_a_bad_specification_says_what_is_wrong(changes, message, tmp_path):
    path = str(specification(tmp_path, **changes))
    with pytest.raises(ValueError, match=message) as caught:
        load_frontier(path)
    assert str(caught.value).startswith(path)


def test_names():
    assert "smoke" in frontier_names()
    for name in frontier_names():
        assert load_frontier(name).datasets
    with pytest.raises(FileNotFoundError, match="no frontier file 'none', and no frontier of that"):
        load_frontier("none")
