"""Products of every row with the same numbers."""

from typing import Any

import torch

from prodsumnet.numerics.eager import chunk_rows, eager


def scale(x: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
    """Return ``x * numbers`` along the last axis.

    Parameters
    ----------
    x : Tensor
        ``(..., n)``.
    numbers : Tensor
        ``(n,)``.
    """
    reduces = torch.is_grad_enabled() and numbers.requires_grad and x.numel() > x.shape[-1]
    if reduces and x.dtype == numbers.dtype and not x.is_complex() and eager(x, numbers):
        return _Scale.apply(x, numbers)
    return x * numbers


class _Scale(torch.autograd.Function):
    """The gradient in the numbers is summed chunk by chunk, without the products in memory."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x, numbers)
        return x * numbers

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        x, numbers = ctx.saved_tensors
        (gradient,) = gradients
        outer = gradient * numbers if ctx.needs_input_grad[0] else None
        if torch.is_grad_enabled() or not eager(gradient):
            return outer, (gradient * x).flatten(0, -2).sum(0)
        left, right = (tensor.reshape(-1, len(numbers)) for tensor in (gradient, x))
        rows = chunk_rows(left, len(numbers))
        total = left[:rows] * right[:rows]
        for start in range(rows, len(left), rows):
            part = left[start : start + rows]
            total[: len(part)].addcmul_(part, right[start : start + rows])
        return outer, total.sum(0)
