"""The command line under ``torchrun``: two processes, interrupted and taken up again."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tests.cli.waiting import PATIENCE, until_paused
from tests.training.synthetic import dataset, network, numbers

import prodsumnet as psn
from prodsumnet.experiments import read_record
from prodsumnet.experiments.jobs import Job, finished
from prodsumnet.training import Trainer

ROOT = Path(__file__).parents[2]
RECIPE = {
    "seed": 7,
    "options": {"norm": 0},
    "training": {"epochs": 3, "batch_size": 16, "averaging": 0.5, "precision": "float32"},
}


def start(folder, recipe, *options, **environment):
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    program = ["--nproc-per-node", "2", "-m", "tests.cli.program", "train", str(recipe)]
    return subprocess.Popen(
        [*launcher, *program, "--out", str(folder), *options],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "error", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said(err):
    """What our processes say on stderr, beside what their launcher says."""
    return [line for line in err.splitlines() if line.startswith(("epoch ", "prodsumnet: "))]


def test_interrupted_and_taken_up_again(tmp_path):
    recipe, folder, paused = tmp_path / "recipe", tmp_path / "run", tmp_path / "paused"
    recipe.write_text(json.dumps(RECIPE))
    process = start(folder, recipe, PAUSE_AT="15", PAUSED=str(paused))
    until_paused(process, paused)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    assert out == ""
    lines = said(err)
    assert [line.split(":")[0] for line in lines] == ["epoch 1 of 3", "prodsumnet"]
    # The launcher may write into the same line.
    assert lines[1].startswith("prodsumnet: interrupted; the same command with --resume goes on")
    assert sorted(path.name for path in folder.iterdir()) == ["recipe.json", "state.safetensors"]

    process = start(folder, recipe, "--resume")
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    lines = said(err)
    assert [line.split(":")[0] for line in lines] == ["epoch 2 of 3", "epoch 3 of 3"]
    assert out.startswith("test accuracy ")
    assert out.count("\n") == 1

    record = read_record(folder / "record.json")
    assert (record.processes, record.threads, record.epochs) == (2, 1, 3)
    options = f"train {recipe} --out {folder} --resume"
    assert record.command == f"torchrun --nproc-per-node=2 -m prodsumnet {options}"
    doubled = record.recipe.training.model_copy(update={"batch_size": 32})
    trainer = Trainer(network(7, norm=False), doubled, 7)
    expected = numbers(trainer.fit(dataset()))
    for key, tensor in numbers(psn.load(folder / "model.safetensors")).items():
        torch.testing.assert_close(tensor, expected[key], rtol=1e-3, atol=1e-4)
    accuracies = [epoch.validation_accuracy for epoch in trainer.history]
    assert [epoch["validation_accuracy"] for epoch in record.history] == accuracies
    with pytest.raises(ValueError, match="record of a training on 2 processes"):
        finished(Job("", record.recipe, folder))


@pytest.mark.parametrize("command", ["frontier smoke", "search small", "count reference-cnn"])
def test_other_commands_are_not_for_several_processes(command, call, monkeypatch):
    for name, value in {"TORCHELASTIC_RUN_ID": "x", "WORLD_SIZE": "2", "RANK": "1"}.items():
        monkeypatch.setenv(name, value)
    code, out, err = call(*command.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert f"call prodsumnet {command.split()[0]} without it" in err
