"""What the tests of the models share."""

import torch
from torch import nn
from torch.fx.experimental.proxy_tensor import make_fx

from prodsumnet.nn import Conv2d, Linear, Network


def structured(network: Network) -> list[nn.Module]:
    """The layers with an operator, in order."""
    return [layer for layer in network if isinstance(layer, Conv2d | Linear)]


def images(number: int, seed: int = 0) -> torch.Tensor:
    """Images of noise with values from 0 to 1."""
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(number, 1, 28, 28, generator=generator)


def patterns(number: int) -> torch.Tensor:
    """Images of both signs and of all sizes of detail, which leave no unit of a network idle."""
    generator = torch.Generator().manual_seed(0)
    scales = [
        nn.functional.interpolate(torch.randn(number, 1, n, n, generator=generator), 28)
        for n in (1, 2, 4, 7, 14, 28)
    ]
    return torch.stack(scales).sum(0)


def slopes(network: Network) -> torch.Tensor:
    """Gradient of a loss on a batch of patterns, all numbers in one vector."""
    targets = torch.arange(96) % 10
    network.zero_grad()
    nn.functional.cross_entropy(network(patterns(96)), targets).backward()
    return torch.cat([parameter.grad.flatten() for parameter in network.parameters()])


def seeded_numbers(network: Network) -> list[torch.Tensor]:
    """The seeded numbers of a network."""
    return list(network.buffers())


def operations(network: nn.Module, inputs: torch.Tensor) -> set[str]:
    """The operations of torch's that a network calls on inputs."""
    network.eval()(inputs)  # plans are made at the first call, and not to be traced
    graph = make_fx(network)(inputs).graph
    return {str(node.target) for node in graph.nodes if node.op == "call_function"}


def convolutions(called: set[str]) -> set[str]:
    """Those among operations that convolve, or unfold for it."""
    return {name for name in called if "conv" in name or "im2col" in name or "unfold" in name}
