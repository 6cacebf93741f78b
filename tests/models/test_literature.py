"""The networks of the literature: sizes, structure, and that their numbers are all trained."""

import math

import pytest
import torch
from tests.models.support import images
from torch.nn import functional

import prodsumnet as psn
from prodsumnet import families, models
from prodsumnet.nn import Network

SIZES = {
    "cellular-network": 11_978,
    "circulant-cnn": 65_546,
    "deep-fried-cnn": 39_692,
    "diffractive-network": 15_680,
    "displacement-network": 14_906,
}


@pytest.mark.parametrize("name", SIZES)
def test_sizes_and_specs(name: str) -> None:
    torch.manual_seed(0)
    network = models.build(name, seed=3).eval()
    size = psn.count(network)
    assert size.stored == size.trainable
    assert size.trainable == SIZES[name]
    again = Network.from_spec(network.spec()).eval()
    again.load_state_dict(network.state_dict())
    x = images(2)
    assert torch.equal(again(x), network(x))


@pytest.mark.parametrize("name", SIZES)
def test_every_parameter_is_trained(name: str) -> None:
    torch.manual_seed(0)
    network = models.build(name)
    loss = functional.cross_entropy(network(images(8)), torch.arange(8))
    # Near chance, but for detectors whose shares are scaled.
    assert 0.5 * math.log(10) < loss.item() < 6 * math.log(10)
    for gradient in torch.autograd.grad(loss, list(network.parameters())):
        assert gradient.isfinite().all()
        assert gradient.abs().max() > 0


@pytest.mark.parametrize("name", families.names())
def test_a_hidden_layer_of_every_family_has_the_budget(name: str) -> None:
    torch.manual_seed(0)
    network = models.hidden_layer_network(10_000, name, seed=1)
    assert psn.count(network, None).trainable == 10_000
    assert psn.count(network).stored == 10_000
    hidden = network[:5](images(4))
    assert hidden.shape == (4, 392)
    assert not hidden.is_complex()
    assert hidden.square().mean().item() == pytest.approx(2, rel=0.9)


def test_without_a_family_the_hidden_layer_is_dense() -> None:
    network = models.hidden_layer_network(10_000)
    assert psn.count(network).trainable == 12 * 784 + 12 + 12 * 10 + 10
    assert network[2].operator.shape == (12, 784)
