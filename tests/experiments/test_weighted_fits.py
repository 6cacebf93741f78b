"""Layers of a trained network fitted in three metrics."""

import json

import pytest
from tests.training.synthetic import dataset, network

from prodsumnet import data, families, fitting, storage
from prodsumnet.experiments import weighted_fits
from prodsumnet.training import Trainer, Training, to_inputs

STRUCTURES = {"1": ("low-rank", 4 * 76), "3": ("low-rank", 16)}


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """The file of a trained network."""
    monkeypatch.setattr(data, "load", lambda name: dataset())
    settings = Training(epochs=4, batch_size=32, augmentation=None, precision="float32")
    model = Trainer(network(norm=False), settings, 0).fit(dataset())
    path = tmp_path / "trained.safetensors"
    storage.save(model, path, {"dataset": "mnist", "recipe": "0123456789ab"})
    return path


def test_every_metric_has_its_own_fits(trained, tmp_path):
    record = weighted_fits(str(trained), {"3": ("low-rank", 16)}, 100, 0, "command")
    assert (record.recipe, record.samples, record.dataset) == ("0123456789ab", 100, "synthetic")
    assert record.test_accuracy > 0.9
    assert [row.metric for row in record.rows] == ["frobenius", "activations", "fisher"]
    model = storage.load(trained)
    target = model[3].operator.to_dense().detach()
    images = to_inputs(dataset().split().train_images[:100])
    weights = {
        "frobenius": fitting.Metric(),
        "activations": fitting.activation_metrics(model, [images])["3"],
        "fisher": fitting.fisher_metrics(model, [images], labels="expected")["3"],
    }
    for row in record.rows:
        (layer,) = row.layers
        operator = families.build("low-rank", 4, 12, 16)
        found = fitting.fit(operator, target, weights[row.metric])
        assert layer.error == pytest.approx(found.error, rel=1e-4)
        assert (layer.layer, layer.trainable, layer.method) == ("3", 16, "low-rank")
        assert row.trainable == record.trainable - 48 + 16
        difference = (operator.to_dense() - target).norm() / target.norm()
        assert layer.frobenius_error == pytest.approx(difference.item(), rel=1e-3)
    errors = [row.layers[0].frobenius_error for row in record.rows]
    assert errors[0] < 0.99 * min(errors[1:])
    record.write(tmp_path / "record.json")
    assert len(json.loads((tmp_path / "record.json").read_text())["rows"]) == 3


def test_the_same_arguments_give_the_same_rows(trained):
    first, second = (weighted_fits(str(trained), STRUCTURES, 50, 1, "") for _ in range(2))
    assert first.rows == second.rows


@pytest.mark.parametrize(
    ("structures", "samples", "message"),
    [
        ({"0": ("low-rank", 9)}, 9, r"has no structured layer '0', only \['1', '3'\]"),
        ({"1": ("low-rink", 9)}, 9, "low-rink"),
        ({"1": ("low-rank", 99)}, 0, "samples must lie between 1 and 320, got 0"),
    ],
)
def test_refusals(trained, structures, samples, message):
    with pytest.raises(ValueError, match=message):
        weighted_fits(str(trained), structures, samples, 0, "")
