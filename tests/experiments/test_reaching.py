"""How long a training takes to an accuracy."""

import pytest
from tests.training.synthetic import STEPS, dataset, network

from prodsumnet import data, models
from prodsumnet.experiments import Recipe, reach

RECIPE = Recipe().overlaid(
    {
        "dataset": "mnist",
        "training": {
            "epochs": 6,
            "batch_size": 32,
            "augmentation": None,
            "averaging": None,
            "precision": "float32",
        },
    }
)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(
        models, "build", lambda name, budget, seed, *rest: network(seed, norm=False)
    )
    monkeypatch.setattr(data, "load", lambda name: dataset())


def test_it_stops_at_the_first_look_that_is_right_enough():
    # What a whole training says of its epochs is what looks once an epoch see.
    (whole,) = reach(RECIPE, 1.0, STEPS, 1, "").rows
    assert whole.epochs is None and whole.seconds is None
    goal = 0.8
    (once,) = reach(RECIPE, goal, STEPS, 1, "").rows
    (often,) = reach(RECIPE, goal, 2, 1, "").rows
    assert once.epochs in (1, 2, 3, 4, 5)
    assert once.epochs - 1 < often.epochs <= once.epochs
    assert (often.epochs * STEPS) % 2 == pytest.approx(0)
    for row in (once, often):
        assert goal <= row.validation_accuracy < 1
        assert row.seconds > 0 and row.processor_seconds > 0


def test_seeds_count_up_and_give_the_same_again():
    record = reach(RECIPE.overlaid({"seed": 3}), 0.8, 5, 2, "command")
    again = reach(RECIPE.overlaid({"seed": 4}), 0.8, 5, 1, "command")
    assert [row.seed for row in record.rows] == [3, 4]
    first, second = record.rows[1], again.rows[0]
    assert (first.epochs, first.validation_accuracy) == (second.epochs, second.validation_accuracy)
    assert record.recipe.seed == 3 and record.command == "command"


@pytest.mark.parametrize(
    ("goal", "every", "seeds", "message"),
    [
        (98.44, 20, 3, "goal must be a fraction above 0, got 98.44"),
        (0.9, 0, 3, "every must lie between 1"),
        (0.9, 20, 0, "seeds must lie between 1"),
    ],
)
def test_refusals(goal, every, seeds, message):
    with pytest.raises(ValueError, match=message):
        reach(RECIPE, goal, every, seeds, "")
