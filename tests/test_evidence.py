"""What is committed as evidence: the shipped network, the records, and the README's table."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import prodsumnet as psn
from prodsumnet.experiments import grouped, markdown, read_records

ROOT = Path(__file__).parents[1]
RECORDS = ROOT / "records/networks"


def test_shipped_network_on_the_real_test_set():
    command = [sys.executable, "-m", "prodsumnet", "evaluate", "mnist-3554", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    result = json.loads(done.stdout)
    assert result["test_accuracy"] >= 0.9915
    assert result["trainable"] <= 3554
    assert result["stored"] <= 3554
    assert result["bytes"] == 4 * result["stored"]
    assert 0 < result["macs"] < psn.count(psn.models.reference_cnn()).macs
    recorded = [record.test_accuracy for record in read_records(RECORDS / "long")]
    assert min(abs(result["test_accuracy"] - accuracy) for accuracy in recorded) <= 2e-4


def test_shipped_network_is_a_module_from_images_to_logits():
    network = psn.load("mnist-3554")
    assert isinstance(network, torch.nn.Module)
    assert not network.training
    assert network(torch.rand(3, 1, 28, 28)).shape == (3, 10)


def test_shipped_file_is_small():
    (file,) = (ROOT / "src/prodsumnet/storage/shipped").glob("mnist-3554.safetensors")
    assert file.stat().st_size <= 20_000


@pytest.mark.parametrize(
    ("recipe", "trainable", "accuracy"),
    [
        ("long", 3554, 0.9915),
        ("small", 1000, 0.9844),
        ("smaller", 600, 0.9844),
        ("reproduce", 3554, 0.9844),
    ],
)
def test_records_reach_what_they_must(recipe, trainable, accuracy):
    (group,) = grouped(read_records(RECORDS / recipe))
    assert sorted(record.recipe.seed for record in group.records) == [0, 1, 2, 3, 4]
    assert all(record.trainable <= trainable for record in group.records)
    assert all(record.stored == record.trainable for record in group.records)
    assert group.percent("test_accuracy")[0] >= 100 * accuracy


def test_readme_table_is_printed_from_the_records():
    table = markdown(grouped(read_records(RECORDS)))
    assert table in (ROOT / "README.md").read_text(encoding="utf-8")
