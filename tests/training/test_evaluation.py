"""Predictions and accuracy."""

import pytest
import torch
from tests.training.synthetic import dataset, network
from torch import nn

from prodsumnet.training import accuracy, confusion_matrix, predictions


def test_predictions_are_those_of_the_network_in_evaluation():
    model, images = network(), dataset().train_images[:2345]
    model(torch.rand(64, 1, 8, 8))  # running statistics of its own
    expected = model.eval()(images.float() / 255).argmax(1)
    assert len(expected.unique()) > 1
    assert torch.equal(predictions(model.train(), images), expected)
    assert torch.equal(predictions(model, images.float() / 255), expected)


@pytest.mark.parametrize("training", [True, False])
def test_the_mode_is_left_as_it_was(training):
    model = network().train(training)
    before = model[2].running_mean.clone()
    predictions(model, dataset().test_images)
    assert model.training is training
    assert torch.equal(model[2].running_mean, before)


def test_accuracy_is_the_fraction_that_is_right():
    images = torch.eye(4).reshape(4, 1, 2, 2)
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 4, bias=False))
    with torch.no_grad():
        model[1].weight.copy_(torch.eye(4))
    assert accuracy(model, images, torch.tensor([0, 1, 2, 0])) == 0.75


def test_confusion_has_true_classes_in_rows():
    images = torch.eye(4).reshape(4, 1, 2, 2)
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 4, bias=False))
    with torch.no_grad():
        model[1].weight.copy_(torch.eye(4))
    confusion = confusion_matrix(model, images, torch.tensor([0, 1, 2, 0]))
    assert confusion.tolist() == [[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
