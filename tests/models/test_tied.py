"""The network with one kernel for all layers: budgets, sharing, and what it computes."""

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.models.support import images, slopes
from torch import nn
from torch.nn import functional

from prodsumnet import count
from prodsumnet.models import tied_cnn
from prodsumnet.models.tied import MAX_BUDGET
from prodsumnet.nn import Conv2d, Network
from prodsumnet.operators import Hashed


def width(network: Network) -> int:
    first = network[0]
    assert isinstance(first, Conv2d)
    return first.out_channels


def least(channels: int, depth: int) -> int:
    """First kernel, shared kernel, normalisations and logits."""
    return 9 * channels + 9 * channels**2 + (1 + 2 * depth) * 2 * channels + 10 * channels + 10


@given(budget=st.integers(52, MAX_BUDGET), depth=st.integers(1, 3))
@example(budget=52, depth=3)
@example(budget=MAX_BUDGET, depth=1)
@example(budget=least(20, 3), depth=3)
@example(budget=least(20, 3) - 1, depth=3)
@settings(max_examples=30, deadline=None)
def test_budgets_are_exact_and_spent_on_width(budget: int, depth: int) -> None:
    network = tied_cnn(budget, depth)
    found = count(network)
    assert found.trainable == budget
    assert sum(p.numel() for p in set(network.parameters())) == budget
    # Running means and variances are all that is stored beside.
    assert found.stored == budget + 2 * width(network) * (1 + 2 * depth)
    assert least(width(network), depth) <= budget < least(width(network) + 1, depth)


@pytest.mark.parametrize("budget", [least(5, 2), least(5, 2) + 40])
def test_all_layers_apply_the_kernel_that_changes_nothing_plus_the_shared_one(budget: int) -> None:
    torch.manual_seed(0)
    network = tied_cnn(budget, depth=2, seed=3)
    shared = next(p for p in network.parameters() if p.shape == (5, 45))
    identity = nn.init.dirac_(torch.zeros(5, 5, 3, 3))
    kernels = [network[0].weight, *(identity + shared.reshape(5, 5, 3, 3) for _ in range(4))]
    x = expected = images(3)
    for position, kernel in enumerate(kernels):
        expected = functional.conv2d(expected, kernel, padding=1)
        if position in (0, 2):
            expected = functional.max_pool2d(expected, 2)
        expected = functional.batch_norm(expected, None, None, training=True).relu()
    read = next(p for p in network.parameters() if p.shape == (10, 5))
    logits = expected.mean((2, 3)) @ read.T
    for hashed in (m for m in network.modules() if isinstance(m, Hashed)):
        assert hashed.num_weights == budget - least(5, 2)
        logits = logits + expected.flatten(1) @ hashed.to_dense().T
    torch.testing.assert_close(network(x), logits, rtol=1e-4, atol=1e-4)


def test_every_number_is_trained() -> None:
    torch.manual_seed(0)
    network = tied_cnn(700)
    gradient = slopes(network)
    assert gradient.numel() == 700
    assert gradient.count_nonzero() > 690  # a hashed number may be met by no entry


def test_the_seed_is_of_the_hashing() -> None:
    budget = least(5, 3) + 40
    assert tied_cnn(budget, seed=1).spec() != tied_cnn(budget, seed=2).spec()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((51,), "budget must lie between 52 and 100000, got 51"),
        ((100_001,), "budget must lie between 52 and 100000, got 100001"),
        ((9000, 0), "depth must lie between 1 and 10, got 0"),
        ((9000, 11), "depth must lie between 1 and 10, got 11"),
    ],
)
def test_arguments_are_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tied_cnn(*arguments)
