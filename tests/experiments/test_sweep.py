"""Sweeps in real processes, killed by real signals, and taken up to the same records."""

import os
import random
import signal
import time

import filelock
import pytest
from tests.experiments.sweeping import (
    FINISHED,
    PATIENCE,
    finish,
    left,
    results,
    specification,
    start,
    undisturbed,
    until,
)

from prodsumnet.experiments import expand, load_frontier


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_at_random_moments_it_gives_the_same_records(kills, tmp_path, monkeypatch):
    path = specification(tmp_path, *((8, 2) if kills < 20 else (60, 4)))
    expected = undisturbed(monkeypatch, path, tmp_path / "whole")
    assert len(expected) == (2 if kills < 20 else 4)
    out, started, chance = tmp_path / "killed", tmp_path / "started", random.Random(kills)
    started.mkdir()
    asleep = start(path, out, "--workers", "2", SLEEP="1000", STARTED=str(started))
    until(lambda: any(started.iterdir()), asleep)
    asleep.kill()
    asleep.communicate(timeout=PATIENCE)  # until its workers have ended, too
    slow = {"SLEEP": "0.02", "STARTED": str(started)}
    process = start(path, out, "--workers", "2", **slow)
    known, victims = set(started.iterdir()), []
    for _ in range(kills):
        until(lambda known=known: set(started.iterdir()) > known, process)
        worker = int(next(iter(set(started.iterdir()) - known)).name)
        known = set(started.iterdir())
        time.sleep(0.5 * chance.random())  # a random moment of the training
        victims.append(chance.choice(["driver", "worker"]))
        assert process.poll() is None
        os.kill(worker if victims[-1] == "worker" else process.pid, signal.SIGKILL)
        if victims[-1] == "driver":
            process.communicate(timeout=PATIENCE)
            process = start(path, out, "--workers", "2", **slow)
    assert set(victims) == {"driver", "worker"}
    process.wait(PATIENCE)
    process.communicate()
    again = finish(start(path, out, "--workers", "2"))  # whom a job has cost three workers
    assert results(out) == expected
    assert left(out) == left(tmp_path / "whole") == FINISHED
    stamps = {file: file.stat().st_mtime_ns for file in out.glob("*/*")}
    assert finish(start(path, out, "--workers", "2")) == (again[0], "")
    assert stamps == {file: file.stat().st_mtime_ns for file in out.glob("*/*")}
    assert "Pareto front of mnist" in again[0]


def test_what_fails_is_told_and_the_rest_goes_on(tmp_path):
    changes = {"datasets": {"fashion-mnist": {}, "mnist": {}}, "budgets": [1, 77, 500, 501]}
    path, out = specification(tmp_path, 1, 1, **changes), tmp_path / "out"
    jobs, _ = expand(load_frontier(str(path)).selected(["mnist"], budgets=[500]), out)
    (busy,) = jobs
    busy.folder.mkdir(parents=True)
    with filelock.FileLock(busy.folder / ".lock"):
        process = start(path, out, "--workers", "1", DEADLY="77")
        until(lambda: len(results(out)) == 1, process)  # 501, which comes after it
        assert not (busy.folder / "record.json").exists()
    table, err = finish(process, code=1)
    assert len(results(out)) == 2
    reason = "OSError: there is no such data set here"
    for line in (
        "- refused: mnist, a, 1: the budget is too small",
        f"- failed: fashion-mnist, a, 500, seed 0: {reason}",
        "- failed: mnist, a, 77, seed 0: its worker died 3 times, at last with signal 9",
    ):
        assert line in table
    lines = [line for line in err.splitlines() if line.startswith("run ")]
    assert [line.split(":")[0] for line in lines] == [f"run {k} of 6" for k in range(1, 7)]
    (summary,) = out.glob("frontier-*.md")
    assert summary.read_text() == table
