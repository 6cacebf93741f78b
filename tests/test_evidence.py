"""What is committed as evidence: the shipped network, the records, and the README's table."""

import json
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from sklearn.linear_model import LogisticRegression

import prodsumnet as psn
from prodsumnet.experiments import Approximation, grouped, markdown, read_records
from prodsumnet.training import accuracy

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


SHIPPED = {
    "fashion-10k": "fashion-10k",
    "fashion-3554": "fashion-long",
    "mnist-10k": "mnist-10k",
    "mnist-1k": "mnist-1k",
    "mnist-dct-3554": "mnist-dct",
}


@pytest.mark.parametrize("name", psn.storage.shipped_names())
def test_shipped_files_are_small(name):
    (file,) = (ROOT / "src/prodsumnet/storage/shipped").glob(f"{name}.safetensors")
    assert file.stat().st_size <= 20_000


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_networks_are_those_of_the_best_records_by_validation(name):
    network = psn.load(name)
    records = read_records(ROOT / "records/frontier" / SHIPPED[name])
    best = max(records, key=lambda record: record.validation_accuracy)
    size = psn.count(network)
    assert (size.trainable, size.stored) == (best.trainable, best.stored)
    if best.recipe.dataset == "mnist":
        test = psn.data.load("mnist")
        found = accuracy(network, test.test_images, test.test_labels)
        # Some are kept in eight bits, which moves a few images in ten thousand.
        assert abs(found - best.test_accuracy) <= 1e-3


@pytest.mark.parametrize(
    ("recipe", "seeds", "trainable", "must"),
    [
        ("fashion-long", 5, 3554, 90.5),
        ("fashion-15k", 5, 15_000, 92.0),
        ("mnist-dct", 5, 3554, 98.7),
        ("mnist-dct-10k", 5, 10_000, 99.1),
        ("mnist-1k", 5, 1000, 98.6),
        ("mnist-2k", 5, 2000, 99.1),
        ("mnist-8k", 5, 8000, 99.5),
    ],
)
def test_rows_of_the_frontier_reach_what_they_must(recipe, seeds, trainable, must):
    (group,) = grouped(read_records(ROOT / "records/frontier" / recipe))
    assert [record.recipe.seed for record in group.records] == list(range(seeds))
    assert group.first.trainable <= trainable
    assert group.percent("test_accuracy")[0] >= must
    for record in group.records:
        # Beside the trained numbers, the shared kernel's networks keep running statistics.
        statistics = 0.05 if record.recipe.network == "tied-cnn" else 0
        assert record.stored <= (1 + statistics) * record.trainable
        assert record.command == f"prodsumnet train {recipe} --seed {record.recipe.seed}"


@pytest.mark.parametrize("dataset", ["mnist", "fashion-mnist"])
@pytest.mark.parametrize(
    "network", ["decomposed-cnn", "transform-network", "tied-cnn", "plain-cnn"]
)
def test_curves_have_eight_budgets_of_three_seeds(dataset, network):
    points = [
        group
        for group in grouped(read_records(ROOT / "records/curves"))
        if (group.first.recipe.dataset, group.first.recipe.network) == (dataset, network)
    ]
    assert len({group.first.recipe.budget for group in points}) == len(points) >= 8
    for group in points:
        assert [record.recipe.seed for record in group.records] == [0, 1, 2]
        assert group.first.trainable <= (group.first.recipe.budget or 0)
        for record in group.records:
            assert record.command.startswith("prodsumnet train ")


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


@pytest.mark.parametrize(
    ("recipe", "trainable", "must"),
    [
        ("wine", 100, 95),
        ("wine-42", 42, 90),
        ("breast-cancer", 150, 95),
        ("breast-cancer-62", 62, 93),
    ],
)
def test_rows_of_the_tables(recipe, trainable, must):
    (group,) = grouped(read_records(ROOT / "records/tables" / recipe))
    assert [record.recipe.seed for record in group.records] == [0, 1, 2, 3, 4]
    assert group.percent("test_accuracy")[0] >= must
    for record in group.records:
        assert record.trainable == record.stored == trainable
        assert record.command == f"prodsumnet train {recipe} --seed {record.recipe.seed}"
        assert record.data_digest == psn.data.load(record.recipe.dataset).digest


def test_figures_of_tables_are_printed_from_the_records_and_measured_again():
    text = (ROOT / "docs/measurements.md").read_text(encoding="utf-8")
    assert markdown(grouped(read_records(ROOT / "records/tables"))) in text
    for name in ("breast-cancer", "wine"):
        table = psn.data.load(name)
        split = table.split()
        model = LogisticRegression(max_iter=1000).fit(split.train_images, split.train_labels)
        stored = model.coef_.size + model.intercept_.size
        validation = 100 * model.score(split.validation_images, split.validation_labels)
        test = 100 * model.score(table.test_images, table.test_labels)
        assert f"| {name} | {stored} | {validation:.2f} | {test:.2f} |" in text


def test_readme_table_is_printed_from_the_records():
    table = markdown(grouped(read_records(RECORDS)))
    assert table in (ROOT / "README.md").read_text(encoding="utf-8")


def test_rows_of_the_frontier_are_printed_in_the_readme():
    table = markdown(grouped(read_records(ROOT / "records/frontier")))
    assert table in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_family_was_trained_at_the_same_budget():
    groups = grouped(read_records(ROOT / "records/families"))
    assert {group.first.recipe.family for group in groups} == {None, *psn.families.names()}
    for group in groups:
        assert sorted(record.recipe.seed for record in group.records) == [0, 1, 2, 3, 4]
        dense = group.first.recipe.family is None
        assert group.first.trainable == (9550 if dense else 10_000)
        assert all(record.stored == record.trainable for record in group.records)


@pytest.mark.parametrize(
    ("network", "accuracy"),
    [
        ("deep-fried-cnn", 99),
        ("circulant-cnn", 99),
        ("displacement-network", 98),
        ("diffractive-network", 91),
        ("cellular-network", 95),
    ],
)
def test_networks_of_the_literature_reach_what_they_must(network, accuracy):
    (group,) = grouped(read_records(ROOT / f"records/literature/{network}"))
    assert group.first.recipe.network == network
    assert len(group.records) >= 3
    assert group.percent("test_accuracy")[0] >= accuracy


def test_tables_of_the_families_are_printed_from_the_records():
    text = (ROOT / "docs/families.md").read_text(encoding="utf-8")
    for folder in ("families", "literature"):
        assert markdown(grouped(read_records(ROOT / "records" / folder))) in text
    assert psn.families.survey(392, 784, 5678) in text


def test_steps_between_neighbours_are_printed_from_the_records():
    text = (ROOT / "docs/families.md").read_text(encoding="utf-8")
    for target in ("dct", "permutation"):
        content = (ROOT / f"records/locally-connected/{target}-ring.json").read_text("utf-8")
        record = Approximation.model_validate_json(content)
        for row in record.rows:
            errors = f"{min(row.errors):.1e} | {statistics.median(row.errors):.1e} |"
            assert f"| {target} | ring | {row.steps} | {row.trainable} | {errors}" in text
