"""``prodsumnet frontier``: from options to jobs, and from results to what is printed."""

import json
import shlex

import pytest

from prodsumnet.experiments import load_frontier, read_record
from prodsumnet.experiments.jobs import execute
from prodsumnet.experiments.sweep import Sweep

SPECIFICATION = {
    "datasets": {"mnist": {}, "fashion-mnist": {}},
    "architectures": {"one": {}, "two": {"recipe": {"training": {"learning_rate": 0.1}}}},
    "recipe": {"training": {"epochs": 2, "batch_size": 32, "augmentation": None}},
    "budgets": [500, 600],
    "seeds": 2,
}


@pytest.fixture
def specification(tmp_path):
    (tmp_path / "sweep.json").write_text(json.dumps(SPECIFICATION))
    return "sweep.json"


@pytest.fixture
def asked(monkeypatch):
    """What is carried out: here, in this process, all but the runs of seed 1."""
    asked = []

    def sweep(jobs, workers, scheduler):
        asked.append(([job.name for job in jobs], workers, scheduler))
        first = [job for job in jobs if job.recipe.seed == 0]
        failed = [(job, "ValueError: no") for job in jobs if job.recipe.seed == 1]
        return Sweep([execute(job) for job in first], failed)

    monkeypatch.setattr("prodsumnet.cli.frontier.sweep", sweep)
    return asked


def test_all_of_a_specification(call, small, specification, asked, tmp_path):
    code, out, err = call("frontier", specification)
    ((names, workers, scheduler),) = asked
    assert (code, err, workers, scheduler) == (1, "", None, None)
    assert len(names) == 16
    assert out.count("- failed: ") == 8
    assert "- failed: mnist, one, 500, seed 1: ValueError: no" in out
    assert [line for line in out.splitlines() if line.startswith("Pareto")] == [
        f"Pareto front of {name}, trainable numbers against validation error:"
        for name in ("fashion-mnist", "mnist")
    ]
    digest = load_frontier(specification).digest()
    assert (tmp_path / f"runs/frontier-{digest}.md").read_text() == out
    assert len(list((tmp_path / "runs").glob("*/record.json"))) == 8


def test_the_options_choose(call, small, specification, asked, tmp_path):
    options = ["--dataset", "mnist", "--network", "two", "--budget", 70, "--budget", 80]
    options += ["--seeds", 1, "--epochs", 1, "--out", "here", "--workers", 3]
    code, *_ = call("frontier", specification, *options)
    assert (code, asked) == (0, [(["mnist, two, 70, seed 0", "mnist, two, 80, seed 0"], 3, None)])
    records = [read_record(path) for path in (tmp_path / "here").glob("*/record.json")]
    assert {record.epochs for record in records} == {1}
    call("frontier", specification, "--scheduler", "tcp://x:1")
    assert asked[1][1:] == (None, "tcp://x:1")


def test_a_record_repeats_its_run(call, small, specification, asked, tmp_path):
    call("frontier", specification, "--dataset", "mnist", "--network", "two", "--budget", 70)
    (path,) = (tmp_path / "runs").glob("*/record.json")
    found = read_record(path)
    assert call(*shlex.split(found.command)[1:], "--out", "again").code == 0
    again = read_record(tmp_path / "again/record.json")
    exclude = {"command", "finished", "seconds"}
    assert again.model_dump(exclude=exclude) == found.model_dump(exclude=exclude)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none"], "there is no frontier file 'none', and no frontier of that name (curves, smoke"),
        (["sweep.json", "--network", "three"], "network must be one of one, two, "),
        (["sweep.json", "--dataset", "none"], "dataset: Input should be"),
        (["sweep.json", "--budget", "0"], "budgets.0: Input should be greater"),
        (["sweep.json", "--workers", "0"], "workers must lie between 1 and 1024, got 0"),
        (["sweep.json", "--workers", "1", "--scheduler", "x"], "a scheduler has its own"),
    ],
)
def test_mistakes(arguments, words, call, small, specification):
    code, out, err = call("frontier", *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err


def test_ctrl_c_says_how_to_go_on(call, small, specification, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("prodsumnet.cli.frontier.sweep", stopped)
    code, _, err = call("frontier", specification)
    assert (code, err) == (130, "prodsumnet: interrupted; the same command goes on\n")
