"""Pooling and ReLU at once: the same as one after the other."""

import pytest
import torch
from torch import nn

from prodsumnet import nn as psn
from prodsumnet.nn import pooling

LAYERS = (nn.MaxPool2d(2), nn.ReLU())


def images(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(*shape, dtype=dtype).contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(2, 3, 4, 6), (1, 5, 2, 2), (3, 16, 14, 14)])
def test_values_and_gradients_are_torch_s(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    x = images(*shape, dtype=torch.float32)
    # No two are equal, so that there is one gradient.
    x = torch.argsort(x.flatten()).view(x.shape) - x.numel() // 2
    x = (x if dtype != torch.bfloat16 else x / 64).to(dtype)
    x = x.contiguous(memory_format=torch.channels_last).requires_grad_()
    expected = nn.Sequential(*LAYERS)(x)
    assert pooling.suits(x)
    found = pooling.pooled_relu(x)
    assert torch.equal(found, expected)
    assert found.is_contiguous(memory_format=torch.channels_last)
    if dtype != torch.bfloat16:
        # In whatever order a gradient arrives.
        for direction in (torch.randn_like(expected), torch.randn(expected.shape, dtype=dtype)):
            slopes = (torch.autograd.grad(y, x, direction, True)[0] for y in (found, expected))
            torch.testing.assert_close(*slopes)


def test_equal_pixels_get_a_gradient_once() -> None:
    x = torch.ones(1, 1, 4, 4, dtype=torch.float64).expand(1, 2, 4, 4)
    x = x.contiguous(memory_format=torch.channels_last).requires_grad_()
    (slope,) = torch.autograd.grad(pooling.pooled_relu(x).sum(), x)
    expected = torch.zeros(4, 4, dtype=torch.float64)
    expected[::2, ::2] = 1
    assert torch.equal(slope, expected.expand_as(x))


def test_it_can_be_differentiated_twice() -> None:
    x = images(1, 2, 4, 2).requires_grad_()
    assert torch.autograd.gradcheck(pooling.pooled_relu, (x,))
    assert torch.autograd.gradgradcheck(pooling.pooled_relu, (x,))


@pytest.mark.parametrize(
    ("layers", "taken"),
    [
        (LAYERS, True),
        ((nn.MaxPool2d((2, 2), (2, 2)), nn.ReLU(inplace=True)), True),
        ((nn.MaxPool2d(2, padding=1), nn.ReLU()), False),
        ((nn.MaxPool2d(2, stride=1), nn.ReLU()), False),
        ((nn.MaxPool2d(2, dilation=2), nn.ReLU()), False),
        ((nn.MaxPool2d(3, stride=2), nn.ReLU()), False),
        ((nn.ReLU(), nn.MaxPool2d(2)), False),
        ((nn.MaxPool2d(2),), False),
    ],
)
def test_which_layers_are_taken_together(layers: tuple[nn.Module, ...], taken: bool) -> None:
    assert pooling.pools(layers, 0) is taken
    network = psn.Network(*layers, input_shape=(4, 8, 8))
    for x in (images(2, 4, 8, 8), torch.randn(2, 4, 8, 8).double(), images(2, 4, 7, 8)):
        assert torch.equal(network(x), nn.Sequential(*layers)(x))
    assert network(images(0, 4, 8, 8)).shape[0] == 0


def test_who_watches_a_layer_sees_it() -> None:
    network = psn.Network(*LAYERS, input_shape=(4, 8, 8))
    seen: list[int] = []
    for index, layer in enumerate(network):
        handle = layer.register_forward_hook(lambda *_, index=index: seen.append(index))
        network(images(2, 4, 8, 8))
        handle.remove()
    assert seen == [0, 1]
