"""The largest of every two by two pixels, and ReLU of it, in one go."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

_SQUARE = (2, (2, 2))


class _PooledReLU(torch.autograd.Function):
    """Of images ``(N, H, W, C)``: the larger of two rows, then of two columns, then of zero.

    torch's own walks from pixel to pixel and writes down where each largest one was. Here, where
    two are equal, the gradient goes to the upper one, and then to the left one.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        count, height, width, channels = x.shape
        rows = _larger(x.reshape(count * height // 2, 2, width * channels))
        rows = rows.view(count * height * width // 4, 2, channels)
        pooled = _larger(rows).relu_().view(count, height // 2, width // 2, channels)
        return pooled, rows

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Any, ...]) -> None:
        pooled, rows = output
        ctx.mark_non_differentiable(rows)
        ctx.save_for_backward(inputs[0], rows, pooled)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> torch.Tensor:
        x, rows, pooled = ctx.saved_tensors
        passed = _where_positive(gradients[0].contiguous(), pooled)
        columns = _shared(passed.view(-1, rows.shape[-1]), rows)
        pairs = x.reshape(-1, 2, x.shape[2] * x.shape[3])
        return _shared(columns.view(len(pairs), -1), pairs).view(x.shape)


def _larger(pairs: torch.Tensor) -> torch.Tensor:
    return torch.maximum(pairs[:, 0], pairs[:, 1])


def _where_positive(gradient: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Return a gradient where ``x`` is positive, zero elsewhere; the quickest mask there is."""
    return torch.ops.aten.threshold_backward(gradient, x, 0)


def _shared(gradient: torch.Tensor, pairs: torch.Tensor) -> torch.Tensor:
    """Return the gradient of pairs ``(n, 2, m)``, from that of their larger ones."""
    if torch.is_grad_enabled():  # to be differentiated again
        second = _where_positive(gradient, pairs[:, 1] - pairs[:, 0])
        return torch.stack((gradient - second, second), dim=1)
    shared = torch.empty_like(pairs)
    first, second = shared.unbind(1)
    torch.sub(pairs[:, 1], pairs[:, 0], out=first)
    torch.ops.aten.threshold_backward.grad_input(gradient, first, 0, grad_input=second)
    torch.sub(gradient, second, out=first)
    return shared


def pools(layers: Sequence[nn.Module], position: int) -> bool:
    """Return whether a pooling of two by two pixels and then ReLU start here, and nobody watches.

    Parameters
    ----------
    layers : sequence of Module
        Layers of a network.
    position : int
        Where in it.
    """
    first, *others = layers[position : position + 2]
    if type(first) is not nn.MaxPool2d or not others or type(others[0]) is not nn.ReLU:
        return False
    if (
        first.return_indices
        or first.padding not in (0, (0, 0))
        or first.dilation not in (1, (1, 1))
    ):
        return False
    hooks = (
        layer._forward_hooks or layer._forward_pre_hooks or layer._backward_hooks
        for layer in (first, *others)
    )
    return first.kernel_size in _SQUARE and first.stride in _SQUARE and not any(hooks)


def suits(x: torch.Tensor) -> bool:
    """Return whether images are such that `pooled_relu` is the quicker way.

    Parameters
    ----------
    x : Tensor
        ``(N, C, H, W)``.
    """
    if x.dim() != 4 or x.device.type != "cpu" or x.is_complex() or torch.compiler.is_compiling():
        return False
    even = x.shape[2] % 2 == 0 and x.shape[3] % 2 == 0
    ordered = x.stride(1) == 1 and x.is_contiguous(memory_format=torch.channels_last)
    return even and ordered and x.numel() > 0


def pooled_relu(x: torch.Tensor) -> torch.Tensor:
    """Return ``relu(max_pool2d(x, 2))``.

    Parameters
    ----------
    x : Tensor
        ``(N, C, H, W)``, which `suits`.
    """
    return _PooledReLU.apply(x.permute(0, 2, 3, 1))[0].permute(0, 3, 1, 2)
