"""Chains of matrices along the axes of each vector, applied to as many vectors as fit a cache."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from prodsumnet.numerics import checks
from prodsumnet.numerics.eager import chunk_rows, eager
from prodsumnet.operators.shared_product import summed_products


@dataclass(frozen=True)
class Along:
    """A matrix ``(height, width)`` along the middle axis of vectors ``(before, width, behind)``.

    Parameters
    ----------
    before, width, height, behind : int
        Lengths of axes; ``height`` replaces ``width``.
    """

    before: int
    width: int
    height: int
    behind: int

    @property
    def numbers(self) -> int:
        """The most numbers that a vector has before or after."""
        return self.before * max(self.width, self.height) * self.behind

    def split(self, data: torch.Tensor, length: int) -> torch.Tensor:
        """Return vectors as the matrices that the product is one of each with."""
        return data.view(-1, length, self.behind) if self.behind > 1 else data.view(-1, length)

    def apply(
        self, weight: torch.Tensor, data: torch.Tensor, out: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return the products, in new memory or in ``out``."""
        x = self.split(data, weight.shape[1])
        given = None if out is None else self.split(out, weight.shape[0])
        if self.behind == 1:
            return torch.mm(x, weight.mT, out=given)
        return torch.bmm(weight.expand(len(x), *weight.shape), x, out=given)

    def add_gradient(self, total: torch.Tensor, data: torch.Tensor, grad: torch.Tensor) -> None:
        """Add the gradient in the matrix to ``total``."""
        x, g = self.split(data, self.width), self.split(grad, self.height)
        if self.behind == 1:
            total.addmm_(g.mT, x.conj())
        else:
            total += summed_products(g, x)


class Pieces:
    """A chain of them for vectors in rows, in pieces that fit a cache, forwards and backwards.

    Going back, a piece's intermediate results are computed again rather than kept: that costs less
    than to fetch them from memory, and training needs less of it.

    Parameters
    ----------
    steps : sequence of Along
        The first one applied first.
    """

    def __init__(self, steps: Sequence[Along]) -> None:
        self.steps = tuple(steps)
        self.numbers = max(step.numbers for step in steps)

    def several(self, x: torch.Tensor) -> bool:
        """Whether rows ``x`` are more than one piece."""
        return len(x) > chunk_rows(x, self.numbers)

    def pays(self, x: torch.Tensor, weights: Sequence[torch.Tensor]) -> bool:
        """Whether rows ``x`` are more than one piece, and nothing but the plain numbers is asked.

        Parameters
        ----------
        x : Tensor
            ``(batch, in)``.
        weights : sequence of Tensor
            The matrices.
        """
        return (
            self.several(x)
            and x.is_contiguous()
            and all(weight.dtype == x.dtype for weight in weights)
            and not checks.autocasting(x.device)
            and eager(x, *weights)
        )

    def apply(self, x: torch.Tensor, weights: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return the images of the rows of a matrix, where it `pays`."""
        if torch.is_grad_enabled() and any(t.requires_grad for t in (x, *weights)):
            return _Pieces.apply(self, x, *weights)  # pyright: ignore[reportReturnType]
        return self.forward(x, weights)

    def forward(self, x: torch.Tensor, weights: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return the images without a graph."""
        last = self.steps[-1]
        y = x.new_empty(len(x), last.before * last.height * last.behind)
        rows = chunk_rows(x, self.numbers)
        for part, image in zip(x.split(rows), y.split(rows), strict=True):
            *_, data = self.before_each(part, weights)
            last.apply(weights[-1], data, image)
        return y

    def before_each(self, x: torch.Tensor, weights: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Return what each step is applied to."""
        found = [x]
        for step, weight in zip(self.steps[:-1], weights[:-1], strict=True):
            found.append(step.apply(weight, found[-1]))
        return found

    def backward(
        self,
        x: torch.Tensor,
        weights: Sequence[torch.Tensor],
        grad: torch.Tensor,
        wanted: Sequence[bool],
    ) -> list[torch.Tensor | None]:
        """Return the gradients in ``x`` and in the matrices, of those that are wanted."""
        inner = torch.empty_like(x) if wanted[0] else None
        totals = [
            torch.zeros_like(weight) if needed else None
            for weight, needed in zip(weights, wanted[1:], strict=True)
        ]
        adjoints = [weight.mH for weight in weights]
        rows = chunk_rows(x, self.numbers)
        for start in range(0, len(x), rows):
            span = slice(start, start + rows)
            before, g = self.before_each(x[span], weights), grad[span]
            for index in reversed(range(len(self.steps))):
                step, total = self.steps[index], totals[index]
                if total is not None:
                    step.add_gradient(total, before[index], g)
                if index > 0:
                    g = step.apply(adjoints[index], g)
                elif inner is not None:
                    step.apply(adjoints[0], g, inner[span])
        return [inner, *totals]


class _Pieces(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, pieces: Pieces, x: torch.Tensor, *weights: torch.Tensor) -> torch.Tensor:
        ctx.pieces = pieces
        ctx.save_for_backward(x, *weights)
        return pieces.forward(x, weights)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        x, *weights = ctx.saved_tensors
        (grad,) = grads
        wanted = ctx.needs_input_grad[1:]
        if torch.is_grad_enabled() or not eager(grad):
            return None, *_differentiable(ctx.pieces, x, weights, grad, wanted)
        return None, *ctx.pieces.backward(x, weights, grad.contiguous(), wanted)


def _differentiable(
    pieces: Pieces,
    x: torch.Tensor,
    weights: Sequence[torch.Tensor],
    grad: torch.Tensor,
    wanted: Sequence[bool],
) -> list[torch.Tensor | None]:
    """Return the gradients as a graph, for derivatives of them."""
    inputs = [x, *weights]
    with torch.enable_grad():
        *_, data = pieces.before_each(x, weights)
        y = pieces.steps[-1].apply(weights[-1], data).view(len(x), -1)
        asked = [t for t, needed in zip(inputs, wanted, strict=True) if needed]
        found = iter(torch.autograd.grad(y, asked, grad, create_graph=True))
    return [next(found) if needed else None for needed in wanted]
