"""Seeing what the layers of a model take in and put out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

Hook = Callable[[str, nn.Module, torch.Tensor, torch.Tensor], torch.Tensor | None]
"""Sees a layer's name, the layer, its input and its output, and may return another output."""


@contextmanager
def observed(model: nn.Module, layers: dict[str, nn.Module], see: Hook) -> Iterator[None]:
    """Put a model in evaluation mode and let its layers be seen; restore it whatever happens."""
    modes = [(module, module.training) for module in model.modules()]
    hooks = []

    def watch(name: str, layer: nn.Module) -> None:
        def hook(_: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any], output: Any) -> Any:
            return see(name, layer, (*inputs, *named.values())[0], output)

        hooks.append(layer.register_forward_hook(hook, with_kwargs=True))

    try:
        for name, layer in layers.items():
            watch(name, layer)
        model.eval()
        yield
    finally:
        for hook in hooks:
            hook.remove()
        for module, training in modes:
            module.training = training
