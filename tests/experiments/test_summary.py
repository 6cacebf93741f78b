"""Tables and pictures come from records, and say what the records say."""

import statistics

import pytest

from prodsumnet.experiments import Recipe, Record, draw, grouped, markdown, read_records


def record(seed, test, trainable=900, **recipe):
    return Record(
        command="prodsumnet train small",
        recipe=Recipe(seed=seed, budget=trainable, **recipe),
        data_digest="0" * 64,
        trainable=trainable,
        stored=trainable,
        bytes=4 * trainable,
        file_bytes=5000,
        macs=10,
        validation_accuracy=0.99,
        test_accuracy=test,
        epochs=8,
        seconds=10.0 * seed,
        history=[],
        threads=1,
        finished="2026-11-25T00:00:00+00:00",
        versions={},
    )


@pytest.fixture
def folder(tmp_path):
    for seed, test in ((2, 0.985), (0, 0.981), (1, 0.986)):
        record(seed, test).write(tmp_path / "small" / f"seed-{seed}.json")
    record(0, 0.9, trainable=1000, dataset="fashion-mnist").write(tmp_path / "fashion.json")
    return tmp_path


def test_groups_differ_in_more_than_the_seed(folder):
    groups = grouped(read_records(folder))
    assert [[r.recipe.seed for r in group.records] for group in groups] == [[0], [0, 1, 2]]
    assert [group.first.recipe.dataset for group in groups] == ["fashion-mnist", "mnist"]


def test_mean_and_sample_deviation(folder):
    group = grouped(read_records(folder))[1]
    values = [98.1, 98.6, 98.5]
    expected = statistics.fmean(values), statistics.stdev(values)
    assert group.percent("test_accuracy") == pytest.approx(expected)
    assert grouped(read_records(folder))[0].percent("test_accuracy") == (pytest.approx(90.0), 0.0)


def test_table_has_a_row_a_group(folder):
    lines = markdown(grouped(read_records(folder))).splitlines()
    assert len(lines) == 4
    cells = [cell.strip() for cell in lines[3].strip("|").split("|")]
    assert cells[:7] == ["mnist", "decomposed-cnn", "900", "900", "5,000", "8", "3"]
    assert cells[7:] == ["99.00 ± 0.00", "98.40 ± 0.26", "10"]
    assert all(line.count("|") == lines[0].count("|") for line in lines)


def test_a_recipe_in_the_folder_of_a_run_is_no_record(folder):
    (folder / "small" / "recipe.json").write_text("{}")
    assert len(read_records(folder)) == 4


def test_no_records_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="no records"):
        read_records(tmp_path)


def test_a_file_that_is_no_record_is_an_error(tmp_path):
    (tmp_path / "x.json").write_text('{"recipe": 1}')
    with pytest.raises(ValueError, match=r"x\.json is not a record"):
        read_records(tmp_path)


def test_picture_is_the_same_bytes_for_the_same_records(folder, tmp_path):
    pytest.importorskip("matplotlib", reason="the picture needs the extra 'figures'")
    groups = [g for g in grouped(read_records(folder)) if g.first.recipe.dataset == "mnist"]
    first, second = tmp_path / "a.svg", tmp_path / "deep" / "b.svg"
    draw(groups, first)
    draw(groups, second)
    text = first.read_text(encoding="utf-8")
    assert first.read_bytes() == second.read_bytes()
    assert "<svg" in text
    assert "the paper" in text


def test_groups_differ_in_the_number_of_processes(folder):
    record(3, 0.9).model_copy(update={"processes": 2}).write(folder / "two.json")
    groups = grouped(read_records(folder))
    assert sorted(len(group.records) for group in groups) == [1, 1, 3]


def test_a_preconditioned_training_is_told_apart(folder):
    training = {"preconditioner": {}}
    record(0, 0.99, training=training).write(folder / "preconditioned.json")
    names = [group.name for group in grouped(read_records(folder))]
    assert sorted(names) == [
        "decomposed-cnn",
        "decomposed-cnn",
        "decomposed-cnn, preconditioned",
    ]
