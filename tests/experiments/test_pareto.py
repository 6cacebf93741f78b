"""The front of cost against validation error, in which the test error has no say."""

import pytest
from tests.experiments.test_summary import record

from prodsumnet.experiments import grouped, pareto


def group(trainable, validation, test=0.5, **changes):
    found = record(0, test, trainable).model_copy(
        update={"validation_accuracy": validation, **changes}
    )
    return grouped([found])[0]


def test_what_nothing_cheaper_beats():
    groups = [group(300, 0.9), group(100, 0.7), group(200, 0.6), group(400, 0.9), group(300, 0.8)]
    front = [(g.first.trainable, g.first.validation_accuracy) for g in pareto(groups)]
    assert front == [(100, 0.7), (300, 0.9)]


def test_the_test_error_has_no_say():
    groups = [group(100, 0.7, 0.1), group(100, 0.6, 0.99), group(200, 0.65, 1.0)]
    assert [g.first.test_accuracy for g in pareto(groups)] == [0.1]


def test_means_over_seeds_decide():
    first = [
        record(seed, 0.5).model_copy(update={"validation_accuracy": value})
        for seed, value in enumerate((0.99, 0.5))
    ]
    other = group(800, 0.8)
    assert pareto([*grouped(first), other]) == [other]


@pytest.mark.parametrize("cost", ["trainable", "stored", "bytes", "macs"])
def test_costs(cost):
    def costing(amount, validation):
        values = dict.fromkeys(("trainable", "stored", "bytes", "macs"), 10 - amount)
        return group(**{**values, "validation": validation, cost: amount})

    assert pareto([costing(2, 0.7), costing(1, 0.6), costing(3, 0.7)], cost) == [
        costing(1, 0.6),
        costing(2, 0.7),
    ]


def test_what_has_no_front():
    with pytest.raises(ValueError, match=r"cost must be one of trainable, .*, got 'time'"):
        pareto([group(1, 0.5)], "time")
    other = grouped([record(0, 0.5, dataset="fashion-mnist")])
    with pytest.raises(ValueError, match="of one data set, got fashion-mnist, mnist"):
        pareto([group(1, 0.5), *other])
