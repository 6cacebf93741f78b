"""What a network is given of a data set, and whether the two fit together."""

import dataclasses

import pytest
import torch
from tests.training.synthetic import dataset, network
from torch import nn

from prodsumnet import data
from prodsumnet.models import table_network
from prodsumnet.nn import Linear, Network
from prodsumnet.operators import Dense
from prodsumnet.training import Trainer, Training, accuracy, check_fits, to_inputs

SETTINGS = Training(
    epochs=15, batch_size=16, learning_rate=0.05, precision="float32", augmentation=None
)


def test_bytes_are_divided_and_floats_are_not():
    grey = torch.tensor([0, 51, 255], dtype=torch.uint8)
    assert to_inputs(grey).tolist() == (grey.float() / 255).tolist()
    values = torch.tensor([-3.0, 255.0])
    assert torch.equal(to_inputs(values), values)


class Spy(nn.Module):
    """Keeps what it is given in training and in evaluation."""

    def __init__(self):
        super().__init__()
        self.layer, self.seen = nn.Linear(13, 3), {True: [], False: []}

    def forward(self, x):
        self.seen[self.training].append(x.clone())
        return self.layer(x)


def test_rows_of_a_table_are_used_as_they_are():
    model, wine = Spy(), data.load("wine")
    changes = {"batch_size": 106, "epochs": 1, "averaging": None}
    Trainer(model, SETTINGS.model_copy(update=changes), 0).fit(wine)
    split = wine.split()
    (trained,), (checked,) = model.seen[True], model.seen[False]
    assert sorted(trained.tolist()) == sorted(split.train_images.tolist())
    assert torch.equal(checked, split.validation_images)


def test_a_table_is_learnt():
    wine = data.load("wine")
    torch.manual_seed(0)
    model = table_network(100)
    chance = wine.train_labels.bincount().max().item() / len(wine.train_labels)
    assert accuracy(model, wine.test_images, wine.test_labels) < 0.7
    result = Trainer(model, SETTINGS, 0).fit(wine)
    assert chance < 0.45
    assert accuracy(result, wine.test_images, wine.test_labels) > 0.85


def test_rows_are_not_augmented():
    settings = SETTINGS.model_copy(update={"augmentation": Training().augmentation})
    model, expected = table_network(100), "augmentation is for images .* got samples of shape"
    before = model.state_dict()
    with pytest.raises(ValueError, match=expected):
        Trainer(model, settings, 0).fit(data.load("wine"))
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


@pytest.mark.parametrize("training", [True, False])
def test_what_fits_is_left_as_it_was(training):
    model = network().train(training)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    check_fits(model, dataset())
    assert model.training is training
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"x takes inputs of shape \(30,\), not wine's of \(13,\)"):
        check_fits(table_network(90, 30, 3), data.load("wine"), "x")


@pytest.mark.parametrize("classes", [2, 4])
def test_other_classes_are_refused(classes):
    with pytest.raises(ValueError, match=f"tells {classes} classes apart, wine has 3"):
        check_fits(table_network(90, 13, classes), data.load("wine"))


def test_the_test_set_is_not_looked_at():
    model = Network(Linear(13, 3, Dense(3, 13)), input_shape=(13,))
    check_fits(model, dataclasses.replace(data.load("wine"), test_images=None, test_labels=None))
