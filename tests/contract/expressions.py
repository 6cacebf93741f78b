"""Random expressions, each built together with an evaluation in numpy that shares no code with it.

A `Formula` pairs an operator with a closure that computes its matrix from the present numbers of
the leaves, and with the leaves themselves, by identity, for counting.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
import scipy.fft
import scipy.linalg
import torch
from hypothesis import strategies as st
from tests.contract.case import numbers, reals
from tests.contract.discovery import collect
from tests.oracles import (
    axis_permutation,
    convolution_2d,
    hadamard,
    hashed,
    khatri_rao,
    permutation,
    random_signs,
    seeded_basis,
    sparse,
)

from prodsumnet import operators as ops

CASES = collect()

SIDES = (1, 2, 3, 4, 4, 5, 6, 6, 8)
"""Sizes to draw from; composite ones have more to them."""


@dataclass
class Formula:
    """An operator, its matrix by numpy, its distinct leaves, and whether it is zero with them."""

    operator: ops.LinearOperator
    matrix: Callable[[], np.ndarray]
    leaves: dict[int, int] = field(default_factory=dict)
    # Whether every path from input to output passes a trainable number.
    scalable: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        return self.operator.shape

    @property
    def count(self) -> int:
        return sum(self.leaves.values())


def fixed(operator: ops.LinearOperator, matrix: np.ndarray) -> Formula:
    return Formula(operator, lambda: matrix)


def leaf(operator: ops.LinearOperator, of: Callable[[np.ndarray], np.ndarray]) -> Formula:
    weight = operator.weight
    reals = weight.numel() * (2 if weight.is_complex() else 1)
    return Formula(
        operator, lambda: of(weight.detach().numpy().copy()), {id(weight): reals}, scalable=True
    )


def combine(
    operator: ops.LinearOperator,
    of: Callable[..., np.ndarray],
    parts: list[Formula],
    scalable: bool,
) -> Formula:
    leaves = {key: count for part in parts for key, count in part.leaves.items()}
    return Formula(operator, lambda: of(*(part.matrix() for part in parts)), leaves, scalable)


def unit(size: int) -> np.ndarray:
    return np.eye(size)


class Builder:
    """Draws formulas of a wanted shape from hypothesis' data."""

    def __init__(self, draw: Callable, complex_allowed: bool) -> None:
        self.draw = draw
        self.complex_allowed = complex_allowed
        self.seen: list[Formula] = []

    def integer(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def pick(self, options: list) -> object:
        return options[self.integer(0, len(options) - 1)]

    def dtype(self) -> torch.dtype:
        if self.complex_allowed and self.integer(0, 2) == 0:
            return torch.complex128
        return torch.float64

    def build(self, out: int, in_: int, depth: int) -> Formula:
        shared = [f for f in self.seen if f.shape in ((out, in_), (in_, out))]
        if shared and self.integer(0, 3) == 0:
            formula = self.reuse(self.pick(shared), out, in_)
        elif depth == 0:
            formula = self.pick(self.leaves(out, in_))()
        else:
            formula = self.pick(self.nodes(out, in_, depth))()
        assert formula.shape == (out, in_)
        self.seen.append(formula)
        return formula

    def reuse(self, formula: Formula, out: int, in_: int) -> Formula:
        if formula.shape == (out, in_) and self.integer(0, 1):
            return formula
        if formula.shape == (in_, out):
            return self.turned(formula)
        return formula

    def turned(self, formula: Formula) -> Formula:
        if self.integer(0, 1):
            turned = formula.operator.H
            return combine(turned, lambda a: a.conj().T, [formula], formula.scalable)
        return combine(formula.operator.T, lambda a: a.T, [formula], formula.scalable)

    # Leaves ------------------------------------------------------------------------------------

    def leaves(self, out: int, in_: int) -> list[Callable[[], Formula]]:
        found = [self.dense, self.sparse, self.hashed, self.seeded, self.signs, self.constant]
        found += [self.ones, self.zero]
        if out == in_ and out > 1:
            found += [self.diagonal, self.circulant, self.cosines, self.permutation, self.identity]
            if out & (out - 1) == 0:
                found.append(self.hadamard)
            if out % 2 == 0:
                found.append(self.axes)
        if out <= in_:
            found += [self.slice, self.selection]
        if out >= in_:
            found.append(self.padding)
        if any(out % k == in_ % k == 0 for k in range(2, min(out, in_) + 1)):
            found.append(self.blocks)
        return [lambda f=f: f(out, in_) for f in found]

    def dense(self, out: int, in_: int) -> Formula:
        return leaf(ops.Dense(out, in_, dtype=self.dtype()), lambda w: w)

    def sparse(self, out: int, in_: int) -> Formula:
        count, seed = self.integer(1, out * in_), self.integer(0, 99)
        operator = ops.Sparse(out, in_, count, seed, dtype=self.dtype())
        return leaf(operator, lambda w: sparse.matrix(out, in_, seed, w))

    def hashed(self, out: int, in_: int) -> Formula:
        count, seed = self.integer(1, out * in_), self.integer(0, 99)
        operator = ops.Hashed(out, in_, count, seed, dtype=self.dtype())
        return leaf(operator, lambda w: hashed.matrix(out, in_, seed, w))

    def seeded(self, out: int, in_: int) -> Formula:
        count, seed = self.integer(1, min(4, out * in_)), self.integer(0, 99)
        operator = ops.SeededBasis(out, in_, count, seed, dtype=self.dtype())
        return leaf(operator, lambda w: seeded_basis.matrix(out, in_, seed, w))

    def signs(self, out: int, in_: int) -> Formula:
        seed = self.integer(0, 99)
        return fixed(ops.RandomSigns(out, in_, seed), random_signs.matrix(out, in_, seed))

    def constant(self, out: int, in_: int) -> Formula:
        generator = np.random.default_rng(self.integer(0, 99))
        matrix = generator.normal(size=(out, in_))
        if self.dtype().is_complex:
            matrix = matrix + 1j * generator.normal(size=(out, in_))
        return fixed(ops.Constant.of(torch.from_numpy(matrix)), matrix)

    def ones(self, out: int, in_: int) -> Formula:
        return fixed(ops.Ones(out, in_), np.ones((out, in_)))

    def zero(self, out: int, in_: int) -> Formula:
        return fixed(ops.Zero(out, in_), np.zeros((out, in_)))

    def diagonal(self, n: int, _: int) -> Formula:
        return leaf(ops.Diagonal(n, dtype=self.dtype()), np.diag)

    def circulant(self, n: int, _: int) -> Formula:
        return leaf(ops.Circulant(n, dtype=self.dtype()), scipy.linalg.circulant)

    def cosines(self, n: int, _: int) -> Formula:
        return fixed(ops.DCT(n), scipy.fft.dct(unit(n), norm="ortho", axis=0))

    def permutation(self, n: int, _: int) -> Formula:
        seed = self.integer(0, 99)
        return fixed(ops.Permutation(n, seed), permutation.matrix(n, seed))

    def identity(self, n: int, _: int) -> Formula:
        return fixed(ops.Identity(n), unit(n))

    def hadamard(self, n: int, _: int) -> Formula:
        return fixed(ops.Hadamard(n), hadamard.matrix(n))

    def axes(self, n: int, _: int) -> Formula:
        sizes = (2, n // 2)
        return fixed(ops.AxisPermutation(sizes, (1, 0)), axis_permutation.matrix(sizes, (1, 0)))

    def slice(self, out: int, in_: int) -> Formula:
        start = self.integer(0, in_ - out)
        return fixed(ops.Slice(in_, start, start + out), unit(in_)[start : start + out])

    def selection(self, out: int, in_: int) -> Formula:
        chosen = list(self.draw(st.permutations(range(in_))))[:out]
        return fixed(ops.Selection(in_, chosen), unit(in_)[chosen])

    def padding(self, out: int, in_: int) -> Formula:
        return fixed(ops.zero_pad(out, in_), np.eye(out, in_))

    def blocks(self, out: int, in_: int) -> Formula:
        k = self.pick([k for k in range(2, min(out, in_) + 1) if out % k == in_ % k == 0])
        operator = ops.BlockDense(k, out // k, in_ // k, dtype=self.dtype())
        return leaf(operator, lambda w: scipy.linalg.block_diag(*w))

    # Nodes -------------------------------------------------------------------------------------

    def nodes(self, out: int, in_: int, depth: int) -> list[Callable[[], Formula]]:
        found = [self.sum, self.product, self.turn, self.scale, self.basis, self.low_rank]
        found += [self.convolution, self.transform, self.gram, self.example]
        if out > 1 and in_ > 1:
            found.append(self.diagonal_blocks)
        if in_ > 1:
            found.append(self.hstack)
        if out > 1:
            found.append(self.vstack)
        if any(self.splits(out)) or any(self.splits(in_)):
            found += [self.kronecker] * 3
        if any(self.splits(in_)):
            found += [self.khatri_rao] * 2
        return [lambda f=f: f(out, in_, depth - 1) for f in found]

    @staticmethod
    def splits(n: int) -> list[int]:
        return [k for k in range(2, n) if n % k == 0]

    def sum(self, out: int, in_: int, depth: int) -> Formula:
        parts = [self.build(out, in_, depth) for _ in range(self.integer(2, 3))]
        operator = reduce(lambda a, b: a + b, (p.operator for p in parts))
        return combine(operator, lambda *m: sum(m), parts, all(p.scalable for p in parts))

    def product(self, out: int, in_: int, depth: int) -> Formula:
        inner = [self.pick([out, in_, 1, 2, 3, 4, 6]) for _ in range(self.integer(1, 2))]
        sizes = [out, *inner, in_]
        parts = [self.build(a, b, depth) for a, b in itertools.pairwise(sizes)]
        return self.multiplied(parts)

    def multiplied(self, parts: list[Formula]) -> Formula:
        operator = reduce(lambda a, b: a @ b, (p.operator for p in parts))
        return combine(
            operator, lambda *m: reduce(np.matmul, m), parts, any(p.scalable for p in parts)
        )

    def turn(self, out: int, in_: int, depth: int) -> Formula:
        return self.turned(self.build(in_, out, depth))

    def scale(self, out: int, in_: int, depth: int) -> Formula:
        part = self.build(out, in_, depth)
        scalars = [2, -1, 0.5, -1.25] + ([1j, 1 - 2j] if self.complex_allowed else [])
        scalar = self.pick(scalars)
        return combine(scalar * part.operator, lambda a: scalar * a, [part], part.scalable)

    def basis(self, out: int, in_: int, depth: int) -> Formula:
        parts = [self.build(out, in_, depth) for _ in range(self.integer(1, 3))]
        operator = ops.Basis(*(p.operator for p in parts), dtype=self.dtype())
        own = leaf(operator, lambda w: w)
        return combine(
            operator,
            lambda w, *m: sum(theta * a for theta, a in zip(w, m, strict=True)),
            [own, *parts],
            scalable=True,
        )

    def low_rank(self, out: int, in_: int, depth: int) -> Formula:
        rank = self.integer(1, min(out, in_))
        operator = ops.LowRank(out, in_, rank, dtype=self.dtype())
        left, right = (leaf(factor, lambda w: w) for factor in operator)
        return combine(operator, np.matmul, [left, right], scalable=True)

    def gram(self, out: int, in_: int, depth: int) -> Formula:
        """``A.H @ A`` between whatever leads to it: one factor used twice."""
        inner, wide = self.integer(1, 4), self.integer(1, 4)
        part = self.build(inner, wide, depth)
        adjoint = combine(part.operator.H, lambda a: a.conj().T, [part], part.scalable)
        return self.multiplied(
            [
                self.build(out, wide, 0),
                adjoint,
                part,
                self.build(wide, in_, 0),
            ]
        )

    def transform(self, out: int, in_: int, depth: int) -> Formula:
        """A transform of a larger size, padded and truncated around it."""
        size = 1 << (max(out, in_) - 1).bit_length()
        middle = self.pick([self.hadamard, self.cosines])(size, size)
        return self.multiplied([self.slice(out, size), middle, self.padding(size, in_)])

    def example(self, out: int, in_: int, depth: int) -> Formula:
        """A case of any kind, those of later kinds too, between what leads to it."""
        case = self.pick(list(CASES.values()))
        operator = case.build()
        leaves = {id(p): p.numel() * reals(p.dtype) for p in operator.parameters()}
        middle = Formula(operator, lambda: case.oracle(numbers(operator)), leaves)
        left, right = middle.shape
        return self.multiplied([self.build(out, left, 0), middle, self.build(right, in_, 0)])

    def convolution(self, out: int, in_: int, depth: int) -> Formula:
        options = {
            "kernel_size": (self.integer(1, 2), self.integer(1, 2)),
            "stride": self.integer(1, 2),
            "padding": (0, self.integer(0, 1)),
            "dilation": (self.integer(1, 2), 1),
            "groups": self.integer(1, 2),
            "padding_mode": self.pick(["zeros", "circular", "reflect", "replicate"]),
        }
        channels = options["groups"] * self.integer(1, 2)
        taps = options["kernel_size"][0] * options["kernel_size"][1]
        kernel = self.build(channels, taps, depth)
        size = (3, 2)
        operator = ops.Convolution2d(kernel.operator, size, **options)
        middle = combine(
            operator,
            lambda k: convolution_2d.matrix(k, size, **options),
            [kernel],
            kernel.scalable,
        )
        left, right = middle.shape
        return self.multiplied([self.build(out, left, 0), middle, self.build(right, in_, 0)])

    def parts_of(self, total: int) -> list[int]:
        first = self.integer(1, total - 1)
        return [first, total - first]

    def diagonal_blocks(self, out: int, in_: int, depth: int) -> Formula:
        sizes = zip(self.parts_of(out), self.parts_of(in_), strict=True)
        parts = [self.build(a, b, depth) for a, b in sizes]
        operator = ops.block_diag(*(p.operator for p in parts))
        return combine(operator, scipy.linalg.block_diag, parts, all(p.scalable for p in parts))

    def hstack(self, out: int, in_: int, depth: int) -> Formula:
        parts = [self.build(out, size, depth) for size in self.parts_of(in_)]
        operator = ops.hstack(*(p.operator for p in parts))
        return combine(operator, lambda *m: np.hstack(m), parts, all(p.scalable for p in parts))

    def vstack(self, out: int, in_: int, depth: int) -> Formula:
        parts = [self.build(size, in_, depth) for size in self.parts_of(out)]
        operator = ops.vstack(*(p.operator for p in parts))
        return combine(operator, lambda *m: np.vstack(m), parts, all(p.scalable for p in parts))

    def kronecker(self, out: int, in_: int, depth: int) -> Formula:
        a, b = self.pick([1, *self.splits(out), out]), self.pick([1, *self.splits(in_), in_])
        parts = [self.build(a, b, depth), self.build(out // a, in_ // b, depth)]
        operator = ops.kron(*(p.operator for p in parts))
        return combine(operator, np.kron, parts, any(p.scalable for p in parts))

    def khatri_rao(self, out: int, in_: int, depth: int) -> Formula:
        b = self.pick(self.splits(in_))
        parts = [self.build(out, b, depth), self.build(out, in_ // b, depth)]
        operator = ops.KhatriRao(*(p.operator for p in parts))
        return combine(operator, khatri_rao.matrix, parts, any(p.scalable for p in parts))


@st.composite
def formulas(draw: Callable, depth: int = 3, side: int = max(SIDES)) -> Formula:
    """Random expressions of bounded depth, real or complex, with shared factors."""
    builder = Builder(draw, complex_allowed=draw(st.booleans()))
    sizes = [size for size in SIDES if size <= side]
    out = draw(st.sampled_from(sizes))
    in_ = out if draw(st.booleans()) else draw(st.sampled_from(sizes))
    return builder.build(out, in_, draw(st.integers(1, depth)))
