"""What is found, grouped into points, and put in order."""

import statistics

import pytest
from tests.experiments.report.runs import write

from prodsumnet.experiments.report.collect import collect, on_front, ranked
from prodsumnet.experiments.report.confusion import confusion
from prodsumnet.experiments.report.look import floor, looks, outline, series


def of(points):
    return [point.cost("trainable") for point in points]


def test_points_are_recipes_by_data_set(runs):
    found = collect([str(runs)])
    assert {name: of(points) for name, points in found.datasets.items()} == {
        "fashion-mnist": [3554],
        "mnist": [1000, 2000, 3554],
    }
    point = found.datasets["mnist"][2]
    assert [path.parent.name for path in point.paths] == ["large-0", "large-1", "large-2"]
    assert point.model == str(runs / "large-1/model.safetensors")
    assert [p.model for p in found.points if p is not point] == [None] * 3
    errors = [1.1, 0.9, 0.7]
    assert point.error("test_accuracy") == pytest.approx((0.9, statistics.stdev(errors)))
    assert len({p.name for p in found.points}) == 4


def test_what_is_found_twice_counts_once_and_with_its_network(runs, tmp_path):
    large = collect([str(runs)]).datasets["mnist"][2]
    for record, path in zip(large.group.records, large.paths, strict=True):
        record.write(tmp_path / f"{path.parent.name}.json")
    for sources in ([tmp_path, runs], [runs, tmp_path], [runs, runs]):
        point = collect(map(str, sources)).datasets["mnist"][2]
        assert len(point.group.records) == 3
        assert point.model == large.model


def test_shipped_networks(runs):
    found = collect(["mnist-1k", str(runs), "mnist-1k"])
    assert found.networks == ("mnist-1k",)
    assert len(found.datasets) == 2
    assert collect(["mnist-1k"]).datasets == {}


def test_sources_that_are_none(tmp_path):
    with pytest.raises(ValueError, match="a report needs a folder"):
        collect([])
    with pytest.raises(FileNotFoundError, match=r"no folder 'nope'.*mnist-1k"):
        collect(["nope"])
    with pytest.raises(ValueError, match="no records"):
        collect([str(tmp_path)])


def test_fronts_are_of_validation_and_a_cost(runs):
    points = collect([str(runs)]).datasets["mnist"]
    assert of(on_front(points, "trainable")) == [1000, 3554]
    assert of(on_front(points, "macs")) == [3554]
    assert of(ranked(points)) == [3554, 1000, 2000]


def test_lines_go_through_the_best_of_each_cost(tmp_path):
    for epochs, validation in ((1, 0.90), (2, 0.95), (3, 0.93)):
        training = {"epochs": epochs}
        write(tmp_path / f"{epochs}.json", 1.0, validation, changes={}, training=training)
    write(tmp_path / "more.json", 0.97, 0.8, 2000, changes={"macs": 0})
    points = collect([str(tmp_path)]).datasets["mnist"]
    (name,) = series(points)
    assert name == "decomposed-cnn"
    line = outline(points, "trainable")
    assert of(line) == [900, 2000]
    assert line[0].group.first.recipe.training.epochs == 2
    assert of(outline(points, "macs")) == [900]
    assert floor(points) == pytest.approx(1.5)
    assert floor(points[:1]) > 0


def test_looks_differ_without_colour(tmp_path):
    for index in range(11):
        write(tmp_path / f"{index}.json", 0.9, 0.9, network=f"network-{index}")
    found = looks(collect([str(tmp_path)]).points)
    assert len({look.symbol for look in found.values()}) == 11
    assert len({look.marker for look in found.values()}) == 11


def test_options_are_other_series(tmp_path):
    for name in ("dct", "haar"):
        write(tmp_path / f"{name}.json", 0.9, 0.9, options={"transform": name, "a": 1})
    names = list(series(collect([str(tmp_path)]).points))
    assert names == [f"decomposed-cnn, a=1, transform={name}" for name in ("dct", "haar")]


def test_confusion_matrices_are_summed_over_seeds(runs):
    small, hostile, _ = collect([str(runs)]).datasets["mnist"]
    found = confusion(small.group)
    assert [[cell.count for cell in row] for row in found.rows] == [[18, 2], [6, 14]]
    (a, b), (c, d) = found.rows
    assert (a.shade, d.shade) == (0, 0)
    assert 0 < b.shade < c.shade < 1
    assert (found.classes, found.runs) == (("0", "1"), 2)
    assert confusion(hostile.group) is None
