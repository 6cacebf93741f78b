"""Locally connected products fitted to matrices: what can be reached, and what cannot."""

import json

import pytest

from prodsumnet.experiments import approximate_locally


def test_enough_steps_reach_a_matrix_and_too_few_cannot(tmp_path):
    record = approximate_locally("dct", 4, "line", [1, 4], 3, "command")
    short, long = record.rows
    # One step cannot reach the entries beyond its neighbours, whatever its numbers.
    assert min(short.errors) > 0.2
    assert min(long.errors) < 1e-5
    assert (short.trainable, long.trainable) == (10, 40)
    assert len(long.errors) == 3
    record.write(tmp_path / "record.json")
    written = json.loads((tmp_path / "record.json").read_text())
    assert written["target"] == "dct"
    assert written["rows"][1]["errors"] == long.errors


def test_the_same_seeds_give_the_same_record():
    first, second = (approximate_locally("permutation", 4, "ring", [2], 2, "") for _ in range(2))
    assert first.rows == second.rows
    assert first.rows[0].errors[0] != first.rows[0].errors[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("dst", 4, "line", [1], 1), "target must be permutation or dct, got 'dst'"),
        (("dct", 0, "line", [1], 1), "size must lie between 1 and 1024, got 0"),
        (("dct", 4, "line", [1], 0), "seeds must lie between 1 and 1000, got 0"),
        (("dct", 4, "tree", [1], 1), "graph must be one of .*, got 'tree'"),
        (("dct", 4, "line", [0], 1), "steps must lie between 1 and .*, got 0"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=message):
        approximate_locally(*arguments, "")
