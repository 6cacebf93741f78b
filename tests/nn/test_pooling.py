"""Convolution, pooling and ReLU at once: the same as one after the other."""

import pytest
import torch
from torch import nn

from prodsumnet import nn as psn
from prodsumnet import operators as ops
from prodsumnet.nn import pooling

POOLING = nn.MaxPool2d(2), nn.ReLU()

OPERATORS = {
    "dense": lambda: ops.Dense(5, 36),
    "factors": lambda: ops.Dense(5, 4) @ ops.KhatriRao(ops.Identity(4), ops.Dense(4, 9)),
    "cp": lambda: ops.Dense(5, 3) @ ops.KhatriRao(ops.Dense(3, 4), ops.Dense(3, 9)),
}


def convolution(name: str = "dense", strategy: str = "auto", **options) -> psn.Conv2d:
    operator = OPERATORS[name]().double()
    options = {"padding": 1, **options}
    return psn.Conv2d(4, 5, 3, operator, strategy=strategy, **options)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("padding_mode", ["zeros", "reflect"])
@pytest.mark.parametrize(
    ("name", "strategy"),
    [("dense", "dense"), ("dense", "fft"), ("factors", "factors"), ("cp", "factors")],
)
def test_values_and_gradients_are_those_of_the_layers(
    name: str, strategy: str, padding_mode: str, bias: bool
) -> None:
    layers = (convolution(name, strategy, bias=bias, padding_mode=padding_mode), *POOLING)
    if bias:
        nn.init.normal_(layers[0].bias)
    network, plain = psn.Network(*layers, input_shape=(4, 6, 8)), nn.Sequential(*layers)
    for size in ((2, 4, 6, 8), (3, 4, 7, 9), (4, 6, 8)):
        x = torch.randn(*size, dtype=torch.float64, requires_grad=True)
        given = [x, *network.parameters()]
        found, expected = network(x), plain(x)
        torch.testing.assert_close(found, expected)
        direction = torch.randn_like(expected)
        slopes = (torch.autograd.grad(y, given, direction) for y in (found, expected))
        for ours, theirs in zip(*slopes, strict=True):
            torch.testing.assert_close(ours, theirs)
    with torch.no_grad():
        torch.testing.assert_close(network(x), expected)
    assert network(torch.randn(0, 4, 6, 8, dtype=torch.float64)).shape == (0, 5, 3, 4)


def test_mixed_precision_stays_close() -> None:
    layers = (convolution("factors", "factors").float(), *POOLING)
    network = psn.Network(*layers, input_shape=(4, 6, 8))
    x = torch.randn(2, 4, 6, 8)
    with torch.autocast("cpu", torch.bfloat16):
        found = network(x)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), nn.Sequential(*layers)(x), atol=0.05, rtol=0.05)


@pytest.mark.parametrize(
    ("layers", "taken"),
    [
        (POOLING, True),
        ((nn.MaxPool2d((2, 2), (2, 2)), nn.ReLU(inplace=True)), True),
        ((nn.MaxPool2d(2, padding=1), nn.ReLU()), False),
        ((nn.MaxPool2d(2, stride=1), nn.ReLU()), False),
        ((nn.MaxPool2d(2, dilation=2), nn.ReLU()), False),
        ((nn.MaxPool2d(2, ceil_mode=True), nn.ReLU()), False),
        ((nn.MaxPool2d(3, stride=2), nn.ReLU()), False),
        ((nn.ReLU(), nn.MaxPool2d(2)), False),
        ((nn.MaxPool2d(2),), False),
    ],
)
def test_which_layers_are_taken_together(layers: tuple[nn.Module, ...], taken: bool) -> None:
    layers = (convolution(), *layers)
    assert pooling.pools(layers, 0) is taken
    assert not pooling.pools(layers, 1)


def test_who_watches_a_layer_sees_it() -> None:
    network = psn.Network(convolution(), *POOLING, input_shape=(4, 8, 8))
    seen: list[int] = []
    for index, layer in enumerate(network):
        handle = layer.register_forward_hook(lambda *_, index=index: seen.append(index))
        network(torch.randn(2, 4, 8, 8, dtype=torch.float64))
        handle.remove()
    assert seen == [0, 1, 2]
