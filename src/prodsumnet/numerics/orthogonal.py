"""Orthogonal transforms of rows, whose gradient is their inverse."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from prodsumnet.numerics import checks
from prodsumnet.numerics.eager import eager, in_chunks

Rows = Callable[[torch.Tensor], torch.Tensor]
"""A map of the rows of a real matrix, out of differentiable torch functions."""


@dataclass(frozen=True)
class Transform:
    """An orthogonal transform of real rows.

    Parameters
    ----------
    forward, inverse : callable
        The transform and its inverse.
    chunked : bool
        Whether many rows are best transformed in several steps.
    """

    forward: Rows
    inverse: Rows
    chunked: bool = True

    @property
    def reverse(self) -> "Transform":
        """The inverse, and adjoint."""
        return Transform(self.inverse, self.forward, self.chunked)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Transform ``(..., n)``, real or complex, of any precision; perhaps empty.

        Half precision is computed in float32: few kernels have it on a CPU.
        """
        if x.numel() == 0:
            return x
        if checks.autocasting(x.device):
            # Which would round within a transform, where the products are small anyway.
            with torch.autocast(x.device.type, enabled=False):
                return self(x)
        if x.is_complex():
            return torch.complex(self(x.real), self(x.imag))
        full = full_precision(x)
        if eager(full):
            y = _Transform.apply(full, self)
        else:
            y = self.forward(full.reshape(-1, x.shape[-1])).view(x.shape)
        return y.to(x.dtype)


class _Transform(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, transform: Transform) -> torch.Tensor:
        ctx.transform = transform
        matrix = x.detach().reshape(-1, x.shape[-1])
        if not transform.chunked:
            return transform.forward(matrix).view(x.shape)
        # Of rows that are columns in memory, as gradients of sparse products are, every chunk would
        # gather its own far and wide.
        matrix = matrix.contiguous()
        return in_chunks(transform.forward, matrix, x.shape[-1], x.shape[-1]).view(x.shape)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        return ctx.transform.reverse(gradients[0]), None


def full_precision(x: torch.Tensor) -> torch.Tensor:
    """Return half-precision numbers in float32, others as they are."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
