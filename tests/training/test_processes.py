"""Two processes that torchrun starts train as one does with the doubled batch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tests.training.synthetic import dataset
from tests.training.together import CASES, EVERYTHING, SEED, Exact, train

from prodsumnet.training import Trainer

ROOT = Path(__file__).parents[2]
PATIENCE = 200.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where two processes have left what they found."""
    folder = tmp_path_factory.mktemp("together")
    launcher = [sys.executable, "-W", "error", "-m", "torch.distributed.run", "--standalone"]
    program = ["--nproc-per-node", "2", "-m", "tests.training.together", str(folder)]
    ended = subprocess.run(
        [*launcher, *program],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "error"},
        stderr=subprocess.PIPE,
        timeout=PATIENCE,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    return folder


@pytest.fixture(scope="module")
def found(folder):
    """What each of them says, by rank."""
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in (0, 1)]


@pytest.mark.parametrize("name", CASES)
def test_the_same_numbers_as_one_process_with_the_doubled_batch(name, folder, found):
    expected, history = train(name, times=2)
    first, second = (load_file(folder / f"{name}-{rank}.safetensors") for rank in (0, 1))
    assert expected.keys() == first.keys() == second.keys()
    assert any(key.startswith("gradient.") for key in expected)
    for key, tensor in expected.items():
        assert torch.equal(first[key], second[key]), key
        torch.testing.assert_close(first[key], tensor, rtol=1e-6, atol=1e-8)
    for mine in found:
        assert mine[name] == [pytest.approx(epoch, rel=1e-6) for epoch in history]


def test_taken_up_again_to_the_same_numbers(found):
    assert [mine["processes"] for mine in found] == [2, 2]
    assert [mine["resumed"] for mine in found] == [True, True]


def test_another_number_of_processes_is_refused(folder):
    trainer = Trainer(Exact(), EVERYTHING, SEED, folder / "of-0")
    with pytest.raises(ValueError, match="training with another number of processes"):
        trainer.fit(dataset(), resume=True)


REFUSALS = {
    "normalised": "2 processes cannot train a network with batch normalisation",
    "large": "batch_size 161 times 2 processes exceeds the 320 training samples",
    "seeds": "the 2 processes do not start from the same",
    "folders": "the 2 processes do not start from the same",
    "first": "the loss is nan in epoch 2, step 4 of 10",
    "second": "the loss is nan in epoch 2, step 4 of 10",
}


@pytest.mark.parametrize("name", REFUSALS)
def test_all_are_told_what_cannot_be_trained(name, found):
    for mine in found:
        assert REFUSALS[name] in mine["refusals"][name]


def test_importing_the_package_does_not_import_fabric():
    code = "import prodsumnet, sys; print('lightning_fabric' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert answer.stdout.split() == [b"False"]
