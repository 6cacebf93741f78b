"""Sweeps as real processes, for the tests to run and to kill."""

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import torch
from tests.training.synthetic import dataset, network

from prodsumnet import data, models
from prodsumnet.experiments import expand, load_frontier, read_record
from prodsumnet.experiments.jobs import execute

ROOT = Path(__file__).parents[2]
PATIENCE = 300.0


def specification(folder, epochs=6, seeds=2, **changes):
    """Write a specification and return its path."""
    training = {"epochs": epochs, "batch_size": 32, "augmentation": None}
    values = {
        "datasets": {"mnist": {}},
        "recipe": {"training": training},
        "budgets": [500],
        "seeds": seeds,
        "architectures": {"a": {}},
    }
    path = folder / "sweep.json"
    path.write_text(json.dumps(values | changes))
    return path


def start(path, out, *options, **environment):
    """Start ``prodsumnet frontier`` on the synthetic problem."""
    words = ["frontier", str(path), "--out", str(out), *options]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.experiments.sweeper", *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def undisturbed(monkeypatch, path, out):
    """Do in this process what the others do, and return the results."""
    before = torch.get_num_threads()
    with monkeypatch.context() as patch, contextlib.ExitStack() as stack:
        patch.setattr(models, "build", lambda name, budget, seed, *_: network(seed))
        patch.setattr(data, "load", lambda name: dataset())
        stack.callback(torch.set_num_threads, before)
        torch.set_num_threads(1)
        for job in expand(load_frontier(str(path)), out)[0]:
            execute(job)
    return results(out)


def finish(process, code=0):
    """Wait for a process, and for all that share its streams; return what it printed."""
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == code, err
    return out, err


def until(condition, process):
    """Wait for a condition while a process is running."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def results(out):
    """What runs have found, with what no two runs share left out, and the bytes of their models."""
    found = {}
    for path in sorted(out.glob("*/record.json")):
        record = read_record(path).model_dump(exclude={"seconds", "finished", "threads"})
        found[path.parent.name] = (record, path.with_name("model.safetensors").read_bytes())
    return found


def left(out):
    """The names of the files in the folders of runs."""
    return {path.name for path in out.glob("*/*")}


FINISHED = {"recipe.json", "model.safetensors", "record.json"}
