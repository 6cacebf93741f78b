"""Real processes, stopped by real signals in the middle of an epoch, and taken up again."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.waiting import PATIENCE, until_paused

from prodsumnet.experiments import read_record

ROOT = Path(__file__).parents[2]
TRAINING = {"epochs": 3, "batch_size": 32, "averaging": 0.5}


def start(folder, recipe, *options, **environment):
    command = [
        sys.executable,
        "-m",
        "tests.cli.program",
        "train",
        str(recipe),
        "--out",
        str(folder),
    ]
    return subprocess.Popen(
        [*command, *options],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    return out, err


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    path = tmp_path_factory.mktemp("recipe") / "recipe.json"
    path.write_text(json.dumps({"seed": 7, "training": TRAINING}))
    return path


@pytest.fixture(scope="module")
def uninterrupted(recipe, tmp_path_factory):
    """The folder of a run that nobody stopped, and what it printed."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, *finish(start(folder, recipe))


@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT"])
def test_a_stopped_run_goes_on_to_the_same_numbers(name, recipe, uninterrupted, tmp_path):
    folder, paused = tmp_path / "run", tmp_path / "paused"
    process = start(folder, recipe, PAUSE_AT="25", PAUSED=str(paused))
    until_paused(process, paused)
    process.send_signal(signal.Signals[name])
    out, err = process.communicate(timeout=PATIENCE)
    assert out == ""
    lines = err.splitlines()
    assert [line.split(":")[0] for line in lines[:2]] == ["epoch 1 of 3", "epoch 2 of 3"]
    if name == "SIGINT":
        assert process.returncode == 130
        assert lines[2:] == ["prodsumnet: interrupted; the same command with --resume goes on"]
    else:
        assert process.returncode == -signal.SIGKILL
        assert lines[2:] == []
    assert sorted(path.name for path in folder.iterdir()) == ["recipe.json", "state.safetensors"]

    _, err = finish(start(folder, recipe, "--resume"))
    assert [line.split(":")[0] for line in err.splitlines()] == ["epoch 3 of 3"]
    whole = uninterrupted[0]
    for file in ("model.safetensors", "recipe.json"):
        assert (folder / file).read_bytes() == (whole / file).read_bytes()
    found, expected = (read_record(path / "record.json") for path in (folder, whole))
    for field in ("test_accuracy", "validation_accuracy", "history", "recipe", "epochs"):
        assert getattr(found, field) == getattr(expected, field)
    assert found.command == f"prodsumnet train {recipe} --out {folder} --resume"


def test_an_uninterrupted_run_says_every_epoch_and_its_result(uninterrupted):
    folder, out, err = uninterrupted
    record = read_record(folder / "record.json")
    assert [line.split(":")[0] for line in err.splitlines()] == [
        f"epoch {epoch} of 3" for epoch in (1, 2, 3)
    ]
    assert out.startswith(f"test accuracy {record.test_accuracy:.2%} (validation ")
    assert f"{record.trainable} trainable and {record.stored} stored numbers" in out
    assert str(folder) in out
    assert record.threads == 1
