"""Layers whose weight is a matrix: which of a model's modules are, and the vectors they multiply.

They are told by what they are made of, not by the classes of `prodsumnet.nn`, which stand above.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import nn

from prodsumnet.numerics import borders, checks
from prodsumnet.operators import LinearOperator

_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, LinearOperator)

_PART = 2**23
"""Numbers of input vectors that are made at a time, about."""


def weighted_layers(model: nn.Module, names: Sequence[str] | None = None) -> dict[str, nn.Module]:
    """Return the layers of a model whose weight is a matrix, by their names in the model.

    They are `torch.nn.Linear` and torch's convolutions; any module whose ``operator`` is a
    `LinearOperator`, as those of `prodsumnet.nn` are, which is a convolution if it has a
    ``kernel_size``; and an operator that stands in the model by itself. What is inside of one is
    not looked at.

    Parameters
    ----------
    model : Module
        Any torch module.
    names : sequence of str, optional
        Return these; by default all.

    Raises
    ------
    TypeError
        If the model is no module, or the names are no sequence of strings.
    ValueError
        If there is no such layer.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"expected a torch module, got {checks.show(model)}")
    found = {name: layer for layer, name in _walk(model, "")}
    if names is None:
        return found
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"layers must be a sequence of names, got {checks.show(names)}")
    for name in names:
        if name not in found:
            raise ValueError(
                f"the model has no linear or convolution layer {name!r}, only {', '.join(found)}"
            )
    return {name: found[name] for name in names}


def _walk(module: nn.Module, name: str) -> Iterator[tuple[nn.Module, str]]:
    structured = isinstance(getattr(module, "operator", None), LinearOperator)
    if structured or isinstance(module, _LAYERS):
        yield module, name
        return
    for key, child in module.named_children():
        yield from _walk(child, f"{name}.{key}" if name else key)


def groups_of(layer: nn.Module) -> int:
    """Return how many groups of channels a layer keeps apart; one for a linear layer."""
    return getattr(layer, "groups", 1)


def input_vectors(layer: nn.Module, x: torch.Tensor) -> Iterator[torch.Tensor]:
    """Yield the vectors that a layer's matrix multiplies, ``(groups, vectors, in)``, in parts.

    For a convolution these are the patches under the kernel at every position (im2col), its channel
    the slowest of a patch's axes.
    """
    if not hasattr(layer, "kernel_size"):
        yield from x.reshape(1, -1, x.shape[-1]).split(max(1, _PART // x.shape[-1]), dim=1)
        return
    images = x if x.dim() == len(layer.kernel_size) + 2 else x.unsqueeze(0)  # pyright: ignore
    largest = max(1, _patches(layer, images[:1]).numel())
    for part in images.split(max(1, _PART // largest)):
        yield _patches(layer, part)


def _patches(layer: Any, images: torch.Tensor) -> torch.Tensor:
    size, stride, dilation = layer.kernel_size, layer.stride, layer.dilation
    widths = borders.widths(layer.padding, size, stride, dilation)
    patches = borders.pad(images, widths, layer.padding_mode)
    for axis in range(len(size)):
        extent = dilation[axis] * (size[axis] - 1) + 1
        patches = patches.unfold(2 + axis, extent, stride[axis])[..., :: dilation[axis]]
    # (N, C, *positions, *kernel) -> (groups, N, *positions, C / groups, *kernel)
    patches = patches.unflatten(1, (layer.groups, -1)).movedim(1, 0).movedim(2, 2 + len(size))
    return patches.flatten(-1 - len(size)).flatten(1, -2)


def output_vectors(layer: nn.Module, y: torch.Tensor) -> torch.Tensor:
    """Return the vectors that a layer puts out, ``(vectors, out)``, in the order of its inputs."""
    if hasattr(layer, "kernel_size"):
        axes = len(layer.kernel_size)  # pyright: ignore[reportArgumentType]
        y = y.movedim(-1 - axes, -1)
    return y.reshape(-1, y.shape[-1])
