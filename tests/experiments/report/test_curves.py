"""The curves as plotly gets them."""

import statistics

import pytest
from tests.experiments.report.runs import FORMULA

from prodsumnet.experiments.report.collect import collect
from prodsumnet.experiments.report.curves import curve
from prodsumnet.experiments.report.look import COSTS, looks

pytest.importorskip("plotly", reason="curves need the extra 'report'")


@pytest.fixture(scope="module")
def mnist(runs):
    points = collect([str(runs)]).datasets["mnist"]
    return curve("mnist", points, looks(points))


def at(figure, name, mode, cost="trainable"):
    """Return the trace of a name and its coordinates on an axis."""
    (index,) = (
        index
        for index, trace in enumerate(figure["data"])
        if trace["meta"] == name and trace["mode"] == mode
    )
    axis = figure["axes"][cost]
    return figure["data"][index], axis["x"][index], axis["y"][index]


def test_every_point_on_every_axis(mnist):
    assert mnist["axes"].keys() == COSTS.keys()
    expected = {
        "trainable": [1000, 3554],
        "stored": [1050, 3604],
        "bytes": [4200, 14_416],
        "macs": [2_999_000, 2_996_446],
    }
    for cost, costs in expected.items():
        trace, x, y = at(mnist, "decomposed-cnn", "markers", cost)
        assert x == costs
        assert y == pytest.approx([1.8, 0.9])
        deviations = [statistics.stdev([2.0, 1.6]), statistics.stdev([1.1, 0.9, 0.7])]
        assert trace["error_y"]["array"] == pytest.approx(deviations)
        assert mnist["axes"][cost]["title"] == COSTS[cost]
        assert len(mnist["axes"][cost]["x"]) == len(mnist["data"])
    assert mnist["layout"]["xaxis"]["type"] == mnist["layout"]["yaxis"]["type"] == "log"


def test_the_front_is_marked_on_every_axis(mnist):
    for cost, costs in {"trainable": [1000, 3554], "macs": [2_996_446]}.items():
        assert at(mnist, "front", "lines+markers", cost)[1] == costs


def test_unknown_costs_are_not_drawn(mnist):
    (name,) = {trace["meta"] for trace in mnist["data"]} - {"front", "paper", "decomposed-cnn"}
    assert at(mnist, name, "markers")[1] == [2000]
    assert at(mnist, name, "markers", "macs")[1] == [None]
    assert at(mnist, name, "lines", "macs")[1] == []


def test_the_paper_is_where_it_is_known(mnist, runs):
    assert at(mnist, "paper", "markers+text")[1:] == ([3554], [pytest.approx(1.56)])
    assert at(mnist, "paper", "markers+text", "bytes")[1] == [None]
    points = collect([str(runs)]).datasets["fashion-mnist"]
    fashion = curve("fashion-mnist", points, looks(points))
    assert "paper" not in {trace["meta"] for trace in fashion["data"]}


def test_hovering_says_what_it_is_and_where_from(mnist):
    trace, _, _ = at(mnist, "decomposed-cnn", "markers")
    text = trace["hovertext"][1]
    for part in (
        f"test error 0.90 ± {statistics.stdev([1.1, 0.9, 0.7]):.2f} %",
        FORMULA,
        "3,554 trainable, 3,604 stored, 14,416 bytes, 2,996,446 MACs",
        "validation error 1.00 ± 0.00 %",
        "seeds 0, 1, 2",
        "prodsumnet train mine --seed 0",
        "large-0/record.json",
    ):
        assert part in text


def test_hovering_shows_records_as_text(mnist):
    hovered = [text for trace in mnist["data"] for text in trace.get("hovertext", [])]
    assert len(hovered) == 3
    (hostile,) = (text for text in hovered if "window.hacked" in text)
    assert hostile.count("&lt;img src=x") == 3
    assert "<img" not in hostile
