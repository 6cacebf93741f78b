"""Products of sparse matrices with dense ones, whose rows are gathered and added."""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

from prodsumnet.numerics.eager import recorded, transformed
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.feature_major import FeatureMajor

Pattern = tuple[torch.Tensor, ...]
"""Rows, columns, first entry of each row, and the order by columns; the same of the transpose."""

_DEVICES = ("cpu", "cuda")
_FEW_COLUMNS = 4
_VECTOR = 8
"""Narrower rows than this are added number by number, which takes longer."""


_NAMES = ("rows", "columns", "row_starts", "by_column")
_NAMES = (*_NAMES, *(f"transposed_{name}" for name in _NAMES))


class Patterned(FeatureMajor):
    """A matrix whose entries lie in few places, as numbers in row-major order.

    A subclass calls `_hold_pattern` in its constructor.
    """

    rows: torch.Tensor
    columns: torch.Tensor

    def _hold_pattern(
        self,
        places: Callable[[], tuple[torch.Tensor, torch.Tensor]],
        count: int,
        device: torch.device | str | None,
    ) -> None:
        """Hold the places of the entries, rows and columns in row-major order, as buffers."""
        pattern = functools.cache(lambda: _pattern(*places(), self.shape))
        sizes = [size for features in self.shape for size in (count, count, features, count)]
        for index, (name, size) in enumerate(zip(_NAMES, sizes, strict=True)):
            self._hold(name, lambda i=index: pattern()[i], (size,), torch.int32, device)

    @property
    def _pattern(self) -> Pattern:
        return tuple(getattr(self, name) for name in _NAMES)

    def _multiply(self, weight: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Return ``A x`` for the matrix ``A`` with these entries and ``(in, batch)`` columns."""
        return sparse_product(weight, x, self._pattern)

    def _pattern_cost(self, batch: int) -> Cost:
        """Return the cost of a product; what is gathered stays in the cache for the most part."""
        numbers, entries = batch * (self.in_features + self.out_features), len(self.rows)
        return Cost.elementwise(2 * entries + numbers, batch * entries // 4, 2 * batch * entries)

    def _scattered(self, weight: torch.Tensor) -> torch.Tensor:
        """Return the dense matrix with these entries."""
        places = self.rows.long(), self.columns.long()
        return weight.new_zeros(self.shape).index_put(places, weight)

    def _multiply_adjoint(self, weight: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return ``A^H y`` for ``(out, batch)`` columns."""
        pattern = self._pattern
        return sparse_product(weight.conj().index_select(0, pattern[3]), y, transposed(pattern))


def _pattern(rows: torch.Tensor, columns: torch.Tensor, shape: tuple[int, int]) -> Pattern:
    order = columns.argsort(stable=True)
    sides = (
        (rows, columns, order, shape[0]),
        (columns[order], rows[order], order.argsort(), shape[1]),
    )
    return tuple(
        tensor
        for outer, inner, permuted, height in sides
        for tensor in (
            outer,
            inner,
            torch.searchsorted(outer, torch.arange(height, device=outer.device)),
            permuted,
        )
    )


def transposed(pattern: Pattern) -> Pattern:
    """Return the pattern of the transpose."""
    return pattern[4:] + pattern[:4]


def sparse_product(weight: torch.Tensor, x: torch.Tensor, pattern: Pattern) -> torch.Tensor:
    """Return ``A x`` for a sparse ``A`` and ``(in, batch)`` columns.

    Parameters
    ----------
    weight : Tensor
        Entries of ``A`` in row-major order.
    x : Tensor
        ``(in, batch)``.
    pattern : tuple of Tensor
        Where the entries are.
    """
    if weight.is_complex():
        real, imaginary = (sparse_product(w, x, pattern) for w in (weight.real, weight.imag))
        return real + 1j * imaginary
    if x.is_complex():
        parts = sparse_product(weight, torch.view_as_real(x.resolve_conj()).flatten(1), pattern)
        return torch.view_as_complex(parts.unflatten(1, (-1, 2)))
    dtype = torch.promote_types(weight.dtype, x.dtype)
    weight, x = weight.to(dtype), x.to(dtype)
    if recorded(weight, x):
        return _Product.apply(weight, x, *pattern)  # pyright: ignore
    return _gathered(weight, x, pattern)


def _gathered(weight: torch.Tensor, x: torch.Tensor, pattern: Pattern) -> torch.Tensor:
    rows, columns, starts, _ = pattern[:4]
    batch = x.shape[1]
    if x.device.type not in _DEVICES or batch == 0 or transformed():
        products = x.index_select(0, columns) * weight.unsqueeze(1)
        return products.new_zeros(len(starts), batch).index_add(0, rows, products)
    padded = functional.pad(x, (0, _VECTOR - batch)) if batch < _VECTOR else x.contiguous()
    sums = functional.embedding_bag(
        columns, padded, starts, mode="sum", per_sample_weights=weight.contiguous()
    )
    return sums[:, :batch]


class _Product(torch.autograd.Function):
    """A sparse matrix times a dense one, differentiable any number of times."""

    @staticmethod
    def forward(
        ctx: Any, weight: torch.Tensor, x: torch.Tensor, *pattern: torch.Tensor
    ) -> torch.Tensor:
        ctx.save_for_backward(weight, x, *pattern)
        return _gathered(weight, x, pattern)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (grad,) = grads
        weight, x, *pattern = ctx.saved_tensors
        pattern = tuple(pattern)
        needs_weight, needs_x = ctx.needs_input_grad[:2]
        inner = _Sampled.apply(grad, x, *pattern) if needs_weight else None
        by_column = pattern[3]
        back = (
            _Product.apply(weight.index_select(0, by_column), grad, *transposed(pattern))
            if needs_x
            else None
        )
        return inner, back, *(None for _ in pattern)  # pyright: ignore


class _Sampled(torch.autograd.Function):
    """Inner products of rows of two matrices, ``a_i · b_j`` at the places of a pattern."""

    @staticmethod
    def forward(ctx: Any, a: torch.Tensor, b: torch.Tensor, *pattern: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(a, b, *pattern)
        rows, columns, starts, _ = pattern[:4]
        if a.device.type not in _DEVICES or a.shape[1] <= _FEW_COLUMNS:
            return (a.index_select(0, rows) * b.index_select(0, columns)).sum(1)
        # What `embedding_bag` calls for the gradient in its weights; 0 stands for sums.
        return torch.ops.aten._embedding_bag_per_sample_weights_backward(
            a.contiguous(), b.contiguous(), columns, starts, rows, 0
        )

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (grad,) = grads
        a, b, *pattern = ctx.saved_tensors
        pattern = tuple(pattern)
        needs_a, needs_b = ctx.needs_input_grad[:2]
        by_column = pattern[3]
        left = _Product.apply(grad, b, *pattern) if needs_a else None
        right = (
            _Product.apply(grad.index_select(0, by_column), a, *transposed(pattern))
            if needs_b
            else None
        )
        return left, right, *(None for _ in pattern)  # pyright: ignore
