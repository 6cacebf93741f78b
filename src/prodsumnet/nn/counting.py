"""What a model costs: numbers trained, numbers stored, bytes and multiply-additions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from prodsumnet.nn.cellular import Cellular
from prodsumnet.nn.structured import Structured

_PLAIN = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)


@dataclass(frozen=True)
class Count:
    """Size of a model; a complex number counts as two.

    Parameters
    ----------
    trainable : int
        Distinct numbers that are trained, biases included; a shared one counts once.
    stored : int
        Distinct numbers that were learnt from data: the parameters, frozen ones included, and
        every persistent buffer of real or complex numbers, such as running statistics.
    bytes : int
        Bytes of the stored numbers.
    macs : int or None
        Multiply-additions of linear, convolution and cellular layers for one input, each in its
        cheaper planned form; None if the shape of an input is not known.
    """

    trainable: int
    stored: int
    bytes: int
    macs: int | None


def count(model: nn.Module, input_shape: Sequence[int] | None = None) -> Count:
    """Count what a model trains, stores and computes.

    Parameters
    ----------
    model : Module
        Any torch module, with structured layers or without.
    input_shape : sequence of int, optional
        Shape of one input without the batch, for the multiply-additions; by default the model's
        own ``input_shape``, if it has one.
    """
    stored = stored_tensors(model)
    shape = getattr(model, "input_shape", None) if input_shape is None else input_shape
    return Count(
        trainable=sum(_reals(p) for p in model.parameters() if p.requires_grad),
        stored=sum(_reals(t) for t in stored),
        bytes=sum(t.numel() * t.element_size() for t in stored),
        macs=None if shape is None else _macs(model, shape),
    )


def _reals(tensor: torch.Tensor) -> int:
    return tensor.numel() * (2 if tensor.is_complex() else 1)


def stored_tensors(model: nn.Module) -> list[torch.Tensor]:
    """Return the distinct tensors that were learnt from data: parameters, then buffers.

    Of the buffers, those that are persistent and hold real or complex numbers; seeded structure is
    neither.
    """
    tensors: list[torch.Tensor] = list(model.parameters())
    for module in model.modules():
        for name, buffer in module.named_buffers(recurse=False):
            numeric = buffer.is_floating_point() or buffer.is_complex()
            if numeric and name not in module._non_persistent_buffers_set:
                tensors.append(buffer)
    return list({id(tensor): tensor for tensor in tensors}.values())


@torch.no_grad()
def _macs(model: nn.Module, shape: Sequence[int]) -> int:
    """Run the model once on one input, in evaluation, and add up what its layers do."""
    total = 0

    def add(layer: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        nonlocal total
        if isinstance(layer, Structured):
            total += layer.macs(output.numel() // layer.operator.out_features)
        elif isinstance(layer, Cellular):
            total += layer.macs(output.numel() // layer.channels)
        elif isinstance(layer, _TRANSPOSED):
            total += inputs[0].numel() * math.prod(layer.weight.shape[1:])
        elif isinstance(layer, _PLAIN):
            total += output.numel() * math.prod(layer.weight.shape[1:])

    hooks = [module.register_forward_hook(add) for module in model.modules()]
    modes = [(module, module.training) for module in model.modules()]
    first = next(model.parameters(), torch.empty(0))
    try:
        model.eval()
        model(torch.zeros(1, *shape, device=first.device, dtype=first.dtype))
    finally:
        for module, training in modes:
            module.training = training
        for hook in hooks:
            hook.remove()
    return total
