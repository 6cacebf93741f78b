"""Products as chains of stages, each of which multiplies some axes of a tensor by a smaller one."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch

from prodsumnet.operators import (
    Adjoint,
    AxisPermutation,
    BlockDense,
    Diagonal,
    Givens,
    HStack,
    Identity,
    Kronecker,
    LinearOperator,
    Product,
    Transpose,
    VStack,
)
from prodsumnet.operators.materialized import Materialized

Axes = tuple[int, ...]
Numbers = Callable[[torch.dtype, torch.device], torch.Tensor]


@dataclass(frozen=True)
class Stage:
    """A tensor ``W[group, outs, ins]``, which replaces the axes ``ins`` by the axes ``outs``.

    Parameters
    ----------
    operators : tuple of LinearOperator
        Whose numbers the tensor consists of.
    numbers : callable
        Returns the tensor for a type and a device; its axes may be merged, in their order.
    group : tuple of int
        Axes that stay, along which the numbers differ.
    outs, ins : tuple of int
        Axes that come and go.
    """

    operators: tuple[LinearOperator, ...]
    numbers: Numbers
    group: Axes
    outs: Axes
    ins: Axes

    @property
    def axes(self) -> Axes:
        """All axes of the tensor."""
        return self.group + self.outs + self.ins


@dataclass(frozen=True)
class Chain:
    """Stages, the first one applied first, and the axes of input and output in row-major order.

    ``sizes`` has the length of every axis.
    """

    stages: tuple[Stage, ...]
    ins: Axes
    outs: Axes
    sizes: dict[int, int]

    def count(self, axes: Sequence[int]) -> int:
        """Return the numbers of a tensor with these axes."""
        return math.prod([self.sizes[axis] for axis in axes])

    def adjoint(self) -> "Chain":
        """Return the chain of the adjoint."""
        stages = tuple(
            replace(stage, numbers=self._adjoint(stage), outs=stage.ins, ins=stage.outs)
            for stage in reversed(self.stages)
        )
        return Chain(stages, self.outs, self.ins, self.sizes)

    def _adjoint(self, stage: Stage) -> Numbers:
        heights, width = len(stage.group), len(stage.outs)
        order = [
            *range(heights),
            *range(heights + width, len(stage.axes)),
            *range(heights, heights + width),
        ]
        return lambda dtype, device: self.tensor(stage, dtype, device).conj().permute(order)

    def tensor(self, stage: Stage, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        """Return the numbers of a stage with one axis for each of its axes."""
        return stage.numbers(dtype, device).reshape([self.sizes[axis] for axis in stage.axes])


class UnfitError(Exception):
    """The factor is not a stage of the chain so far."""


class Tracer:
    """Follows the axes of a vector, seen as a tensor, through factors."""

    def __init__(self, features: int) -> None:
        self._sizes: dict[int, int] = {}
        self._halves: dict[int, tuple[int, int]] = {}
        self._stages: list[Stage] = []
        self._axes = self._new(features)
        self._ins = self._axes

    def _new(self, size: int) -> Axes:
        """Return a new axis, or none for one of length one."""
        if size == 1:
            return ()
        axis = len(self._sizes)
        self._sizes[axis] = size
        return (axis,)

    def chain(self) -> Chain:
        """Return what has been followed so far, all axes as fine as any factor needs them."""
        stages = tuple(
            replace(
                stage,
                group=self._fine(stage.group),
                outs=self._fine(stage.outs),
                ins=self._fine(stage.ins),
            )
            for stage in self._stages
        )
        return Chain(stages, self._fine(self._ins), self._fine(self._axes), dict(self._sizes))

    def _fine(self, axes: Axes) -> Axes:
        fine: list[int] = []
        for axis in axes:
            fine += self._fine(self._halves[axis]) if axis in self._halves else [axis]
        return tuple(fine)

    def _split(self, sizes: Sequence[int]) -> list[Axes]:
        """Return the present axes as runs of the given sizes, splitting axes where it takes that.

        Raises
        ------
        UnfitError
            If sizes do not divide each other.
        """
        rest, runs = list(self._fine(self._axes)), []
        for size in sizes:
            run: list[int] = []
            while size > 1:
                axis = rest.pop(0)
                length = self._sizes[axis]
                if size % length == 0:
                    size //= length
                elif length % size == 0:
                    axis, behind = self._halve(axis, size)
                    rest.insert(0, behind)
                    size = 1
                else:
                    raise UnfitError
                run.append(axis)
            runs.append(tuple(run))
        return runs

    def _halve(self, axis: int, size: int) -> tuple[int, int]:
        (first,), (second,) = self._new(size), self._new(self._sizes[axis] // size)
        self._halves[axis] = first, second
        return first, second

    def follow(self, operator: LinearOperator) -> None:
        """Add the stages of a factor.

        Raises
        ------
        UnfitError
            If it has none, or its axes do not fit those so far.
        """
        if isinstance(operator, Product):
            for factor in reversed(list(operator)):
                self.follow(factor)
        elif isinstance(operator, AxisPermutation):
            runs = self._split(operator.sizes)
            self._axes = sum((runs[axis] for axis in operator.order), ())
        elif isinstance(operator, Kronecker):
            for index, factor in enumerate(operator):
                self._along(operator, index, factor)
        elif isinstance(operator, BlockDense):
            group, ins = self._split((operator.num_blocks, operator.block_in_features))
            outs = self._new(operator.block_out_features)
            self._append(operator, lambda *_: operator.weight, group, outs, ins)
            self._axes = group + outs
        elif isinstance(operator, Diagonal):
            (group,) = self._split((operator.size,))
            self._append(operator, lambda *_: operator.weight, group, (), ())
        elif isinstance(operator, Givens):
            self._rotate(operator, lambda *_: operator.planes())
        elif isinstance(operator, Adjoint | Transpose):
            self._turned(operator)
        elif not isinstance(operator, Identity):
            self._matrix(operator, (), ())

    def _append(
        self, operator: LinearOperator, numbers: Numbers, group: Axes, outs: Axes, ins: Axes
    ) -> None:
        self._stages.append(Stage((operator,), numbers, group, outs, ins))

    def _matrix(self, operator: LinearOperator, before: Axes, behind: Axes) -> None:
        """Multiply all axes but those before and behind by a small dense matrix."""
        if not is_matrix(operator):
            raise UnfitError
        ins = self._axes[len(before) : len(self._axes) - len(behind)]
        outs = self._new(operator.out_features)
        self._append(operator, operator._to_dense, (), outs, ins)
        self._axes = before + outs + behind

    def _along(self, product: Kronecker, index: int, factor: LinearOperator) -> None:
        factors = list(product)
        if factor.is_identity:
            return
        before, ins, behind = self._split(
            (
                math.prod(f.out_features for f in factors[:index]),
                factor.in_features,
                math.prod(f.in_features for f in factors[index + 1 :]),
            )
        )
        self._axes = before + ins + behind
        self._matrix(factor, before, behind)

    def _rotate(self, operator: Givens, planes: Numbers) -> None:
        stride = operator.stride
        if stride is None or 2 * len(operator.angles) != operator.size:
            raise UnfitError
        before, ins, behind = self._split((operator.size // (2 * stride), 2, stride))
        outs = self._new(2)
        self._append(operator, planes, before + behind, outs, ins)
        self._axes = before + outs + behind

    def _turned(self, operator: Adjoint | Transpose) -> None:
        """Follow the chain of the inner operator backwards."""
        inner, adjoint = operator.operator, isinstance(operator, Adjoint)

        def turned(tensor: torch.Tensor) -> torch.Tensor:
            return tensor.mH if adjoint else tensor.mT

        if isinstance(inner, Product):
            for factor in inner:
                self.follow(type(operator)(factor))
        elif isinstance(inner, Kronecker):
            self.follow(Kronecker(*(f if f.is_identity else type(operator)(f) for f in inner)))
        elif isinstance(inner, AxisPermutation):
            self.follow(AxisPermutation(*inner.inverse()))
        elif isinstance(inner, BlockDense):
            group, ins = self._split((inner.num_blocks, inner.block_out_features))
            outs = self._new(inner.block_in_features)
            self._append(inner, lambda *_: turned(inner.weight), group, outs, ins)
            self._axes = group + outs
        elif isinstance(inner, Givens):
            self._rotate(inner, lambda *_: turned(inner.planes()))
        else:
            self._matrix(operator, (), ())


def is_matrix(operator: LinearOperator) -> bool:
    """Whether an operator is applied as a dense matrix anyway, or put together from such."""
    if isinstance(operator, Adjoint | Transpose):
        return is_matrix(operator.operator)
    if isinstance(operator, HStack | VStack):
        return all(map(is_matrix, operator))
    return isinstance(operator, Materialized)


def trace(operator: LinearOperator) -> Chain | None:
    """Return an operator as a chain of stages, or None if it is none.

    Parameters
    ----------
    operator : LinearOperator
        A product, mostly.
    """
    tracer = Tracer(operator.in_features)
    try:
        tracer.follow(operator)
    except UnfitError:
        return None
    return tracer.chain()
