"""The reference network against the same network made of torch's layers."""

import torch
from tests.models.support import images, slopes, structured
from torch import nn

from prodsumnet import count
from prodsumnet.models import reference_cnn
from prodsumnet.nn import Conv2d
from prodsumnet.operators import Dense


def plain() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 32, 5, padding="same"),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Conv2d(32, 64, 5, padding="same"),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(3136, 1024),
        nn.ReLU(),
        nn.Linear(1024, 10),
    )


def test_it_has_the_number_of_parameters_of_the_paper() -> None:
    found = count(reference_cnn())
    assert found == count(plain(), (1, 28, 28))
    assert found.trainable == found.stored == 3_274_634
    assert found.bytes == 4 * 3_274_634
    # Taps times positions, by hand.
    assert found.macs == 28 * 28 * 32 * 25 + 14 * 14 * 64 * 800 + 3136 * 1024 + 1024 * 10


def test_it_computes_what_the_plain_network_computes() -> None:
    network, other = reference_cnn().double(), plain().double()
    for layer, twin in zip(structured(network), (other[i] for i in (0, 3, 7, 9)), strict=True):
        nn.init.normal_(layer.bias)
        layer = layer.to_conv() if isinstance(layer, Conv2d) else layer.to_linear()
        twin.load_state_dict(layer.state_dict())
    x = images(5).double()
    torch.testing.assert_close(network(x), other(x))
    assert network(x).shape == (5, 10)
    assert network(x[:0]).shape == (0, 10)


def test_every_layer_is_dense_with_a_bias_of_zeros() -> None:
    layers = structured(reference_cnn())
    assert [layer.operator.shape for layer in layers] == [
        (32, 25),
        (64, 800),
        (1024, 3136),
        (10, 1024),
    ]
    for layer in layers:
        assert type(layer.operator) is Dense
        assert torch.equal(layer.bias, torch.zeros(layer.operator.out_features))


def test_numbers_are_drawn_for_unit_variance() -> None:
    for layer, expected in zip(structured(reference_cnn()), (2, 2, 2, 1), strict=True):
        energy = layer.weight.square().sum().item() / layer.operator.out_features
        assert abs(energy - expected) < 1e-4
        spread = layer.weight.std().item() * layer.operator.in_features**0.5
        assert abs(spread - expected**0.5) < 0.2


def test_numbers_come_from_the_generator_of_torch() -> None:
    torch.manual_seed(3)
    first = reference_cnn()
    torch.manual_seed(3)
    second = reference_cnn()
    third = reference_cnn()
    assert torch.equal(first[0].weight, second[0].weight)
    assert not torch.equal(first[0].weight, third[0].weight)


def test_every_layer_learns() -> None:
    network = reference_cnn()
    slopes(network)
    assert all(parameter.grad.any() for parameter in network.parameters())
