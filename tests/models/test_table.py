"""Networks for tables: no convolution, exact budgets, numbers that all matter."""

import numpy as np
import pytest
import scipy.fft
import scipy.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models.support import convolutions, operations
from torch import nn

from prodsumnet import count, families, models
from prodsumnet.models.spectra import TRANSFORMS
from prodsumnet.models.table import MAX_BUDGET, hidden_for, table_network
from prodsumnet.nn import Network

CHOICES = ("identity", *TRANSFORMS)
SPENT = 16 + 17 * 3


def rows(number, features=13):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(number, features, generator=generator)


@pytest.mark.parametrize("transform", CHOICES)
@pytest.mark.parametrize("family", [None, "monarch", "kronecker-sum"])
def test_there_is_no_convolution(transform, family):
    network = table_network(200, transform=transform, family=family)
    called = operations(network, rows(2))
    assert any("mm" in name for name in called)
    assert not convolutions(called)
    if family is None:
        # The same eyes see those of a family that has them.
        layer = nn.Sequential(nn.Unflatten(1, (1, 13)), nn.Conv1d(1, 2, 3))
        assert convolutions(operations(layer, rows(2)))


@given(
    budget=st.integers(1, MAX_BUDGET),
    features=st.integers(1, 70),
    classes=st.integers(1, 12),
    transform=st.sampled_from(CHOICES),
)
@settings(max_examples=25, deadline=None)
def test_budgets_are_exact(budget, features, classes, transform):
    network = table_network(budget, features, classes, transform)
    size = count(network)
    assert size.trainable == size.stored == budget
    assert network.eval()(rows(3, features)).shape == (3, classes)


@pytest.mark.parametrize("budget", [1, 2, 99, 274, 275, 276, MAX_BUDGET])
def test_budgets_are_exact_at_the_edges(budget):
    size = count(table_network(budget))
    assert size.trainable == size.stored == budget


@pytest.mark.parametrize("family", families.names())
def test_budgets_are_exact_for_every_family(family):
    budget = SPENT + 173
    try:
        families.build(family, 16, 13, 173, 0, True)
    except ValueError:
        with pytest.raises(ValueError, match="budget"):
            table_network(budget, family=family)
        return
    size = count(table_network(budget, family=family))
    assert size.trainable == size.stored == budget


@given(budget=st.integers(1, MAX_BUDGET), inputs=st.integers(1, 4096), classes=st.integers(1, 4096))
def test_hidden_features_are_the_fewest_that_do(budget, inputs, classes):
    def entries(hidden):
        return hidden * (inputs + 1 + classes) + classes

    hidden = hidden_for(budget, inputs, classes)
    assert entries(hidden) >= budget
    assert hidden == 16 or entries(hidden - 1) < budget


ORACLES = {
    "identity": np.eye(13),
    "dct": scipy.fft.dct(np.eye(13), norm="ortho", axis=0),
}


@pytest.mark.parametrize("transform", ORACLES)
def test_the_first_layer_is_the_transform(transform):
    first = table_network(100, transform=transform)[0]
    assert not list(first.parameters())
    np.testing.assert_allclose(first.weight, ORACLES[transform], atol=1e-6)


@pytest.mark.parametrize("transform", CHOICES)
@pytest.mark.parametrize("features", [1, 8, 13])
def test_no_transform_loses_anything(transform, features):
    weight = table_network(100, features, transform=transform)[0].weight.double()
    np.testing.assert_allclose(weight.mT @ weight, np.eye(features), atol=1e-6)


def test_hadamard_features_are_padded():
    weight = table_network(100, transform="hadamard")[0].weight.double().numpy()
    changes = (np.diff(np.sign(scipy.linalg.hadamard(16)), axis=1) != 0).sum(1)
    np.testing.assert_allclose(
        weight, scipy.linalg.hadamard(16)[changes.argsort()][:, :13] / 4, atol=1e-6
    )


def test_the_seed_decides_the_random_transform():
    first, again, other = (
        table_network(100, transform="random", seed=seed)[0].weight for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("family", [None, "low-rank", "diffractive"])
@pytest.mark.parametrize("budget", [200, 275])
def test_every_number_is_trained(budget, family):
    torch.manual_seed(1)
    network = table_network(budget, family=family)
    loss = nn.functional.cross_entropy(network(rows(96)), torch.arange(96) % 3)
    loss.backward()
    slopes = [
        torch.view_as_real(p.grad) if p.is_complex() else p.grad for p in network.parameters()
    ]
    slope = torch.cat([s.flatten() for s in slopes])
    assert slope.shape == (budget,)
    assert (slope != 0).all()


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("budget", [3, 20, 42, 100])
def test_a_small_pool_starts_small(budget, seed):
    """Whatever is drawn, so that its numbers move at the rate of those that start at zero."""
    torch.manual_seed(seed)
    (pool,) = table_network(budget, seed=seed).parameters()
    assert pool.square().mean().sqrt() < 2e-3


@pytest.mark.parametrize("options", [{}, {"transform": "random", "features": 30, "classes": 2}])
def test_specs_give_the_network_back(options):
    network = models.build("table-network", 90, seed=3, options=options).eval()
    again = Network.from_spec(network.spec()).eval()
    again.load_state_dict(network.state_dict())
    batch = rows(5, options.get("features", 13))
    assert torch.equal(again(batch), network(batch))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"budget": 0}, "budget must lie between 1 and 100000, got 0"),
        ({"budget": MAX_BUDGET + 1}, "budget must lie between"),
        ({"features": 0}, "features must lie between 1 and 4096, got 0"),
        ({"classes": 5000}, "classes must lie between 1 and 4096, got 5000"),
        ({"transform": "fft"}, "transform must be one of identity, dct, .*, got 'fft'"),
        ({"seed": -1}, "seed must lie between"),
        ({"family": "none", "budget": 200}, "unknown family 'none'"),
        ({"family": "low-rank", "budget": SPENT}, "the operator's budget must lie between 1"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        table_network(**arguments)
