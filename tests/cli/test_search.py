"""``prodsumnet search``: what it prints, and a real process killed in the middle of a trial."""

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from tests.cli.waiting import PATIENCE, until_paused

from prodsumnet.experiments import load_recipe

ROOT = Path(__file__).parents[2]


@pytest.fixture
def arguments(tmp_path):
    """A search of three trials of twenty steps each."""
    training = {"epochs": 2, "batch_size": 32, "augmentation": None}
    (tmp_path / "recipe.json").write_text(json.dumps({"training": training}))
    space = {"learning_rate": {"low": 0.01, "high": 0.1}}
    (tmp_path / "space.json").write_text(json.dumps(space))
    options = {"--space": "space.json", "--trials": 3, "--out": "found"}
    words = ["search", tmp_path / "recipe.json"]
    for name, value in options.items():
        words += [name, value if isinstance(value, int) else tmp_path / value]
    return [str(word) for word in words]


def trials_of(folder):
    """The trials of the only study in a folder."""
    storage = optuna.storages.RDBStorage(f"sqlite:///{folder}/search.db")
    (study,) = optuna.get_all_study_summaries(storage)
    found = optuna.load_study(study_name=study.study_name, storage=storage).trials
    storage.remove_session()
    storage.engine.dispose()
    return found


def test_a_search_ends_with_the_command_that_trains_the_best(call, small, arguments, tmp_path):
    code, out, err = call(*arguments, "--budget", 900, "--epochs", 1)
    assert code == 0, err
    assert {budget for _, budget, *_ in (a for a in small if isinstance(a, tuple))} == {900}
    assert [line.split(",")[0] for line in err.splitlines()] == [
        f"{count} of 3 trials finished" for count in (1, 2, 3)
    ]
    program, *command = shlex.split(out.splitlines()[-1])
    assert program == "prodsumnet"
    best = load_recipe(str(tmp_path / "found" / "best.json"))
    assert (best.budget, best.training.epochs) == (900, 2)
    code, out, err = call(*command)
    assert code == 0, err
    assert "test accuracy" in out


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--trials", 0], "trials must be at least 1"),
        (["--study", "nonsense"], "database cannot be opened"),
        (["--space", "none.json"], "none.json"),
    ],
)
def test_mistakes_are_one_line(extra, message, call, small, arguments):
    code, out, err = call(*arguments, *extra)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


def test_a_killed_trial_is_tried_again(call, small, arguments, tmp_path, monkeypatch):
    paused = tmp_path / "paused"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.cli.program", *arguments],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PAUSE_AT": "25", "PAUSED": str(paused)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    until_paused(process, paused)
    process.kill()
    process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL
    assert [trial.state.name for trial in trials_of(tmp_path / "found")] == ["COMPLETE", "RUNNING"]

    # Only the killed process has a trial under way, so a short silence tells that it is dead.
    monkeypatch.setattr(sys.modules["prodsumnet.experiments.search"], "GRACE", 1)
    code, _, err = call(*arguments)
    assert code == 0, err
    trials = trials_of(tmp_path / "found")
    states = [trial.state.name for trial in trials]
    assert states[1] == "FAIL"
    assert sorted(states) == ["COMPLETE", "COMPLETE", "COMPLETE", "FAIL"]
    (retried,) = (trial for trial in trials if trial.system_attrs.get("failed_trial") == 1)
    assert retried.params == trials[1].params
