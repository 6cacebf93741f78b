"""The error of an expression as a function of its numbers, all of them real and in float64."""

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

import torch
from torch import nn
from torch.func import functional_call, vjp, vmap

from prodsumnet.fitting.metric import Metric
from prodsumnet.operators import LinearOperator

Linear = Callable[[torch.Tensor], torch.Tensor]

_CHUNK_NUMBERS = 1 << 22
"""Most numbers of the derivatives that are computed at once."""

_EXACT = 1e-14
"""Relative error that is taken for rounding whatever the size."""


class _Dense(nn.Module):
    """An operator whose forward pass is its dense matrix, for `functional_call`."""

    def __init__(self, operator: LinearOperator, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        self.operator, self.dtype, self.device = operator, dtype, device

    def forward(self) -> torch.Tensor:
        return self.operator._to_dense(self.dtype, self.device)


def wide(operator: LinearOperator) -> LinearOperator:
    """Return an operator itself if its arithmetic is in 64 bits, else a copy in which it is."""
    narrow = any(widened(tensor) is not tensor for tensor in operator._numbers())
    return wide_copy(operator) if narrow else operator


def wide_copy(operator: LinearOperator) -> LinearOperator:
    """Return a copy of an operator in 64-bit arithmetic, shared factors still shared."""
    return copy.deepcopy(operator)._apply(widened)


def widened(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor in 64-bit arithmetic if it is one of floating or complex numbers."""
    if tensor.is_complex():
        return tensor.to(torch.complex128)
    return tensor.double() if tensor.is_floating_point() else tensor


class Objective:
    """The weighted difference between an operator and its target.

    Parameters
    ----------
    operator : LinearOperator
        In 64-bit arithmetic, see `wide`. Its parameters that require no gradient stay fixed.
    target : Tensor
        The dense matrix, ``(out, in)``, in 64-bit arithmetic.
    metric : Metric
        In which the difference is measured.

    Attributes
    ----------
    start : float
        The relative error of the numbers there were.
    rounding : float
        The relative error below which there is only rounding, which adds up along the longer side.
    """

    def __init__(self, operator: LinearOperator, target: torch.Tensor, metric: Metric) -> None:
        self.operator = operator
        numbers = operator._numbers()
        # Found once: `to_dense` looks through all numbers each time.
        self._dtype = torch.complex128 if any(t.is_complex() for t in numbers) else torch.float64
        self._parameters = list({id(t): t for t in numbers if t.requires_grad}.values())
        self.target = target
        self._left = None if metric.left is None else square_root(metric.left)
        self._right = None if metric.right is None else square_root(metric.right)
        # How many real numbers a difference has.
        with torch.no_grad():
            weighted = self._weighted(target)
            norm = weighted.norm().item()
            dense = self._matrix()
            self._complex = weighted.is_complex() or dense.is_complex()
        self.scale = norm if norm > 0 else 1.0
        self.start = self._relative(dense)
        self.rounding = max(_EXACT, torch.finfo(torch.float64).eps * max(operator.shape))
        self.entries = weighted.numel() * (2 if self._complex else 1)
        self.sizes = [p.numel() * (2 if p.is_complex() else 1) for p in self._parameters]

    @property
    def count(self) -> int:
        """How many real numbers are fitted."""
        return sum(self.sizes)

    def everything(self) -> list[int]:
        """Return the positions of all parameters."""
        return list(range(len(self.sizes)))

    def size(self, block: Sequence[int]) -> int:
        """Return how many real numbers some parameters have."""
        return sum(self.sizes[k] for k in block)

    # Numbers -----------------------------------------------------------------------------------

    @torch.no_grad()
    def numbers(self, block: Sequence[int]) -> torch.Tensor:
        """Return the numbers of some parameters as one vector."""
        return torch.cat([_flat(self._parameters[k].detach()) for k in block])

    @torch.no_grad()
    def assign(self, block: Sequence[int], numbers: torch.Tensor) -> None:
        """Set the numbers of some parameters."""
        for k, value in self._pieces(block, numbers):
            self._parameters[k].copy_(value)

    def _pieces(
        self, block: Sequence[int], numbers: torch.Tensor
    ) -> Iterator[tuple[int, torch.Tensor]]:
        parts = numbers.split([self.sizes[k] for k in block]) if block else ()
        for k, part in zip(block, parts, strict=True):
            like = self._parameters[k]
            if like.is_complex():
                yield k, torch.complex(*part.reshape(*like.shape, 2).unbind(-1))
            else:
                yield k, part.reshape(like.shape)

    def _matrix(self) -> torch.Tensor:
        return self.operator._to_dense(self._dtype, self.target.device)

    @cached_property
    def _module(self) -> _Dense:
        return _Dense(self.operator, self._dtype, self.target.device)

    @cached_property
    def _places(self) -> dict[int, list[str]]:
        return _places(self._module)

    def _dense(self, block: Sequence[int], numbers: torch.Tensor) -> torch.Tensor:
        values = {
            place: value
            for k, value in self._pieces(block, numbers)
            for place in self._places[id(self._parameters[k])]
        }
        return functional_call(self._module, values, (), tie_weights=False)

    # Errors ------------------------------------------------------------------------------------

    def _weighted(self, difference: torch.Tensor) -> torch.Tensor:
        if self._left is not None:
            dtype = torch.promote_types(self._left.dtype, difference.dtype)
            difference = self._left.to(dtype) @ difference.to(dtype)
        if self._right is not None:
            dtype = torch.promote_types(self._right.dtype, difference.dtype)
            difference = difference.to(dtype) @ self._right.to(dtype).mH
        return difference

    def function(self, block: Sequence[int]) -> Callable[[torch.Tensor], torch.Tensor]:
        """Return the weighted difference as a function of the numbers of some parameters."""

        def difference(numbers: torch.Tensor) -> torch.Tensor:
            weighted = self._weighted(self._dense(block, numbers) - self.target)
            if weighted.is_complex():
                return torch.view_as_real(weighted).flatten()
            zeros = [torch.zeros_like(weighted)] if self._complex else []
            return torch.stack([weighted, *zeros], -1).flatten()

        return difference

    @torch.no_grad()
    def residual(self) -> torch.Tensor:
        """Return the weighted difference at the present numbers, as a real vector."""
        return self.function([])(torch.empty(0))

    def error(self) -> float:
        """Return the relative error at the present numbers; infinite if it is not a number."""
        with torch.no_grad():
            return self._relative(self._matrix())

    def _relative(self, dense: torch.Tensor) -> float:
        found = self._weighted(dense - self.target).norm().item() / self.scale
        return found if math.isfinite(found) else math.inf

    # Derivatives -------------------------------------------------------------------------------

    def jacobian(self, block: Sequence[int]) -> torch.Tensor:
        """Return the derivative of the difference, ``(numbers, entries)``."""
        forward = self.linearised(block)[0]
        count = self.size(block)
        basis = torch.eye(count, dtype=torch.float64, device=self.target.device)
        return vmap(forward, chunk_size=max(1, _CHUNK_NUMBERS // self.entries))(basis)

    def linearised(self, block: Sequence[int]) -> tuple[Linear, Linear]:
        """Return the derivative of the difference as a function of a step, and its adjoint.

        The derivative is the adjoint's own: forward differentiation warns and loads for a second.
        """
        back = vjp(self.function(block), self.numbers(block))[1]
        start = torch.zeros(self.entries, dtype=torch.float64, device=self.target.device)
        forward = vjp(lambda residual: back(residual)[0], start)[1]
        return lambda step: forward(step)[0], lambda residual: back(residual)[0]


def _places(module: nn.Module) -> dict[int, list[str]]:
    """Return the names under which each parameter is held, those of a shared module once.

    Given several names of one module, `functional_call` does not restore its parameters.
    """
    found: dict[int, list[str]] = {}
    for prefix, part in module.named_modules():
        for name, parameter in part.named_parameters(recurse=False):
            found.setdefault(id(parameter), []).append(f"{prefix}.{name}")
    return found


def square_root(matrix: torch.Tensor) -> torch.Tensor:
    """Return ``A`` with ``A^H A`` the given positive semidefinite matrix, in 64-bit arithmetic."""
    values, vectors = torch.linalg.eigh(widened(matrix))
    # The square root of what is zero but for rounding would be far from zero.
    zero = values <= len(values) * torch.finfo(values.dtype).eps * values.abs().max()
    return values.where(~zero, 0.0).sqrt()[:, None] * vectors.mH


def _flat(tensor: torch.Tensor) -> torch.Tensor:
    return (torch.view_as_real(tensor) if tensor.is_complex() else tensor).flatten()
