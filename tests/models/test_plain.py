"""The plain baseline, against torch's own layers."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models.support import images, slopes
from torch import nn

from prodsumnet import count
from prodsumnet.models import plain_cnn


def plain_torch(first: int, wide: int) -> nn.Sequential:
    def convolution(inner: int, outer: int, pooling: int = 1) -> list[nn.Module]:
        layer = nn.Conv2d(inner, outer, 3, padding=1, bias=False)
        return [layer, nn.MaxPool2d(pooling), nn.BatchNorm2d(outer), nn.ReLU()]

    return nn.Sequential(
        *convolution(1, first, 2),
        *convolution(first, wide),
        *convolution(wide, wide, 2),
        *convolution(wide, wide),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(wide, 10),
    )


def size(wide: int) -> int:
    return sum(p.numel() for p in plain_torch(max(1, 2 * wide // 3), wide).parameters())


@pytest.mark.parametrize("wide", [1, 2, 9])
def test_it_is_the_network_of_torchs_layers(wide: int) -> None:
    torch.manual_seed(0)
    network, plain = plain_cnn(size(wide)), plain_torch(max(1, 2 * wide // 3), wide)
    numbers, theirs = list(network.parameters()), list(plain.parameters())
    theirs[-2:] = theirs[-1], theirs[-2]  # the bias comes first in ours
    assert [p.numel() for p in numbers] == [p.numel() for p in theirs]
    with torch.no_grad():
        for mine, its in zip(numbers, theirs, strict=True):
            its.copy_(mine.reshape(its.shape))
    x = images(4)
    torch.testing.assert_close(network(x), plain(x), rtol=1e-4, atol=1e-4)


@given(budget=st.integers(64, 1_000_000))
@settings(max_examples=20, deadline=None)
def test_it_is_the_widest_within_the_budget(budget: int) -> None:
    network = plain_cnn(budget)
    wide = network[-1].in_features // 49
    assert count(network).trainable == size(wide) <= budget < size(wide + 1)


def test_every_number_is_trained() -> None:
    torch.manual_seed(0)
    gradient = slopes(plain_cnn(1000))
    assert gradient.count_nonzero() == gradient.numel()


@pytest.mark.parametrize("budget", [0, 63, 10_000_001])
def test_budgets_are_refused(budget: int) -> None:
    with pytest.raises(ValueError, match=f"must lie between 64 and 10000000, got {budget}"):
        plain_cnn(budget)
