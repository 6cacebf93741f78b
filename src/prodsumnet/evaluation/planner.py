"""Choosing, node by node, the quickest way to compute an expression.

A plan is an expression over the same numbers, in which nodes are rewritten, computed through their
dense matrix, or, if nothing in them can change, computed once.
"""

from collections.abc import Iterator
from typing import Literal

import torch

from prodsumnet.evaluation.chains.chained import Chained
from prodsumnet.evaluation.composed import Composed, compose
from prodsumnet.evaluation.rates import Rates, cost, name
from prodsumnet.evaluation.rewrites import pushed, rewrites
from prodsumnet.operators import (
    Basis,
    BlockDiagonal,
    Constant,
    Cost,
    Dense,
    HStack,
    Kronecker,
    LinearOperator,
    Product,
    Scaled,
    Sum,
    VStack,
)
from prodsumnet.operators.algebra import Adjoint, Transpose
from prodsumnet.operators.kronecker_train import Contraction, contractions
from prodsumnet.operators.materialized import Materialized

Layout = Literal["rows", "columns"]

_HOISTED_NUMBERS = 2**20
"""Largest fixed matrix that is computed once and kept."""

_FEWER_COPIES = 0.95
"""What share of the time of factors it takes at most to leave vectors in place between them."""

_COPIES = 3
"""How often a tensor is moved for one contraction, with what is done to it on the way."""

REMEMBERED_NUMBERS = 2**25
"""Largest dense matrix of trained numbers that is kept where no gradients are wanted."""


class Planner:
    """One planning: every node is decided once for each batch that it meets.

    Parameters
    ----------
    rates : Rates
        How long kinds of operators take.
    dtype, device
        Of what is computed once.
    gradients : bool
        Whether the gradients of input and numbers will be wanted.
    layout : str
        'rows' if vectors are the rows of a matrix, 'columns' if they are its columns.
    is_complex : bool
        Whether the dense matrix is.
    """

    def __init__(
        self,
        rates: Rates,
        dtype: torch.dtype,
        device: torch.device,
        gradients: bool,
        layout: Layout = "rows",
        is_complex: bool = False,
    ) -> None:
        self._rates, self._gradients = rates, gradients
        self._layout: Layout = layout
        self._is_complex = is_complex
        self._dtype, self._device = dtype, device
        self._decided: dict[tuple[int, int], tuple[LinearOperator, float]] = {}
        self._alive: list[LinearOperator] = []

    def plan(self, operator: LinearOperator, batch: int) -> tuple[LinearOperator, float]:
        """Return the quickest form of a node and the seconds it should take.

        Parameters
        ----------
        operator : LinearOperator
            The node.
        batch : int
            How many vectors it is applied to.
        """
        key = id(operator), batch
        if key not in self._decided:
            # Identities of objects are only theirs while they live.
            self._alive.append(operator)
            self._decided[key] = self._decide(operator, batch)
        return self._decided[key]

    def factors(self, operator: LinearOperator, batch: int) -> float:
        """Return the seconds of an expression computed as it is written."""
        return self._price(operator, batch)

    def by_parts(self, operator: LinearOperator, batch: int) -> tuple[LinearOperator, float]:
        """Return the quickest form of an expression that is not composed as a whole."""
        written = best = self._parts(pushed(operator), batch)
        for rewritten in rewrites(operator):
            form, time = self._parts(rewritten, batch)
            if isinstance(operator, Product) and _in_place(form):
                time = min(time, _FEWER_COPIES * written[1])
            if time < best[1]:
                best = form, time
        return best

    def dense(self, operator: LinearOperator, batch: int) -> tuple[LinearOperator, float]:
        """Return an operator composed to its dense matrix, and its seconds with the product."""
        if isinstance(operator, Dense):
            return operator, self._price(operator, batch)
        multiply = self._multiply(operator, batch)
        if _computed_once(operator):
            matrix = compose(operator, self._dtype, self._device)
            return Constant.of(matrix), multiply
        if not self._gradients:
            return Composed(operator), multiply
        if _materialized(operator):
            return operator, self._price(operator, batch)
        by_parts = self._parts(pushed(operator), min(operator.shape))[0]
        inner = min((operator, by_parts), key=self._composing)
        return Composed(inner), self._composing(inner) + multiply

    def _decide(self, operator: LinearOperator, batch: int) -> tuple[LinearOperator, float]:
        if operator.is_identity:
            return operator, 0.0
        entries = operator.out_features * operator.in_features
        # What may be trained or loaded from a file is not computed once.
        fixed = not operator.state_dict()
        kept = _HOISTED_NUMBERS if fixed else REMEMBERED_NUMBERS
        form, time = self.by_parts(operator, batch)
        if entries > kept and (fixed or not self._gradients):
            return form, time
        if time <= self._multiply(operator, batch):
            return form, time
        dense, dense_time = self.dense(operator, batch)
        return (dense, dense_time) if dense_time < time else (form, time)

    def _multiply(self, operator: LinearOperator, batch: int) -> float:
        product = Cost.matmul(batch, *operator.shape)
        if self._is_complex:
            product = _complex(product)
        kind = "constant" if self._fixed(operator) else "dense"
        return self._rates.seconds(kind, self._layout, product, batch, self._gradients)

    def _fixed(self, operator: LinearOperator) -> bool:
        """Whether a matrix is computed once and its products are measured, as complex are not."""
        return _computed_once(operator) and not self._is_complex

    def _composing(self, operator: LinearOperator) -> float:
        """Return the seconds that the dense matrix of an expression takes."""
        entries = operator.out_features * operator.in_features
        if isinstance(operator, Scaled):
            return self._composing(operator.operator) + self._moving(entries, entries)
        if isinstance(operator, Adjoint | Transpose | Composed):
            return self._composing(operator.operator)
        if isinstance(operator, Sum | Basis):
            joins = len(list(operator)) - isinstance(operator, Sum)
            return sum(map(self._composing, operator)) + joins * self._moving(2 * entries, entries)
        if isinstance(operator, Kronecker | BlockDiagonal | HStack | VStack):
            parts = sum(map(self._composing, operator)) + self._moving(entries, entries)
            whole = self._composed(operator) if isinstance(operator, Kronecker) else 0.0
            return max(parts, whole)
        if isinstance(operator, Product):
            steps = contractions(list(operator))
            if steps is not None:
                return self._contracting(steps)
            first, *others = operator
            if operator.out_features >= operator.in_features:
                *others, first = operator
            applied = sum(self._price(f, min(operator.shape), "rows") for f in others)
            return self._composing(first) + applied
        return self._composed(operator)

    def _composed(self, operator: LinearOperator) -> float:
        """Return the seconds that the dense matrix of a kind takes as a whole."""
        width, entries = min(operator.shape), operator.out_features * operator.in_features
        moved = Cost(operator.cost(width).flops, 4 * entries, 1)
        return self._rates.seconds(name(operator), "dense", moved, width, self._gradients)

    def _contracting(self, steps: list[Contraction]) -> float:
        """Return the seconds that the dense matrix of a train of stages takes."""
        first, *others = steps
        time, rows = self._composing(first.core), first.core.out_features
        for step in others:
            time += self._composing(step.core)
            vectors = step.new * step.core.in_features
            product = Cost.matmul(vectors, rows * step.behind, step.shared)
            time += self._rates.seconds("dense", "rows", product, vectors, self._gradients)
            rows *= step.new
            # Both operands and the result are copied to other orders of their axes.
            for numbers in (vectors * step.shared, rows * step.shared * step.behind):
                time += _COPIES * self._moving(numbers, numbers)
            image = rows * step.core.in_features * step.behind
            time += _COPIES * self._moving(image, image)
        return time

    def _moving(self, inputs: int, outputs: int) -> float:
        moved = Cost.elementwise(inputs, outputs)
        return self._rates.seconds("moving", self._layout, moved, 1, self._gradients)

    def _parts(self, operator: LinearOperator, batch: int) -> tuple[LinearOperator, float]:
        """Plan the parts of an operator, each for the batch that it will meet."""
        if isinstance(operator, Scaled):
            part, time = self.plan(operator.operator, batch)
            outputs = batch * operator.out_features
            return Scaled(part, operator.scalar), time + self._moving(outputs, outputs)
        if isinstance(operator, Kronecker):
            return self._axes(operator, batch)
        for kind in (Sum, Product, BlockDiagonal, HStack, VStack):
            if isinstance(operator, kind):
                parts = [self.plan(part, batch) for part in operator]
                time = sum(time for _, time in parts) + self._joining(operator, batch)
                return kind(*(part for part, _ in parts)), time
        return operator, self._price(operator, batch)

    def _axes(self, operator: Kronecker, batch: int) -> tuple[LinearOperator, float]:
        """Plan the factors of a Kronecker product: by themselves, and the fixed ones as matrices.

        How long they take among copies of the axes is only known of the product as a whole.
        """
        sized = list(zip(operator, operator.axis_batches(batch), strict=True))
        joining = self._joining(operator, batch)

        def whole(parts: list[tuple[LinearOperator, float]]) -> tuple[LinearOperator, float]:
            form = Kronecker(*(part for part, _ in parts))
            return form, max(sum(time for _, time in parts) + joining, self._rated(form, batch))

        parts = [self.plan(part, size) for part, size in sized]
        best = whole(parts)
        fixed = {
            index
            for index, (part, _) in enumerate(sized)
            if not isinstance(parts[index][0], Constant) and self._fixed(part)
        }
        times = [
            self._multiply(*sized[index]) if index in fixed else time
            for index, (_, time) in enumerate(parts)
        ]
        if not fixed or sum(times) + joining >= best[1]:
            return best
        matrices = whole(
            [
                self.dense(*sized[index]) if index in fixed else part
                for index, part in enumerate(parts)
            ]
        )
        return min(best, matrices, key=lambda way: way[1])

    def _joining(self, operator: LinearOperator, batch: int) -> float:
        """Return the seconds between the parts of an operator."""
        inputs, outputs = batch * operator.in_features, batch * operator.out_features
        if isinstance(operator, Product):
            return 0.0
        if isinstance(operator, Kronecker):
            moved = sum(1 for factor in operator if not factor.is_identity) - 1
            return moved * self._moving(inputs, outputs)
        if isinstance(operator, Basis):
            return 2 * len(list(operator)) * self._moving(2 * outputs, outputs)
        if isinstance(operator, Sum | HStack):
            return (len(list(operator)) - 1) * self._moving(2 * outputs, outputs)
        return self._moving(outputs, outputs)

    def _price(self, operator: LinearOperator, batch: int, layout: Layout | None = None) -> float:
        """Return the seconds of an expression as it stands."""
        if operator.is_identity:
            return 0.0
        if isinstance(operator, Scaled):
            outputs = batch * operator.out_features
            return self._price(operator.operator, batch, layout) + self._moving(outputs, outputs)
        if isinstance(operator, Adjoint | Transpose):
            return self._price(operator.operator, batch, layout)
        if isinstance(operator, Composed):
            return self.dense(operator.operator, batch)[1]
        if isinstance(operator, Kronecker):
            sizes = operator.axis_batches(batch)
            parts = zip(operator, sizes, strict=True)
            priced = sum(self._price(part, size, layout) for part, size in parts)
            priced += self._joining(operator, batch)
            return max(priced, self._rated(operator, batch, layout))
        if isinstance(operator, Sum | Product | Basis | BlockDiagonal | HStack | VStack):
            priced = sum(self._price(part, batch, layout) for part in operator)
            return priced + self._joining(operator, batch)
        return self._rated(operator, batch, layout)

    def _rated(self, operator: LinearOperator, batch: int, layout: Layout | None = None) -> float:
        """Return the seconds of a kind as a whole."""
        seen = cost(operator, batch, self._gradients)
        if isinstance(operator, Kronecker) and any(map(_is_complex, operator)):
            seen = _complex(seen)
        task = layout or self._layout
        return self._rates.seconds(name(operator), task, seen, batch, self._gradients)


def leaves(operator: LinearOperator) -> Iterator[LinearOperator]:
    """Yield the nodes of an expression, and of what it can be rewritten as, that have a rate."""
    if isinstance(operator, Scaled | Adjoint | Transpose):
        yield from leaves(operator.operator)
        return
    for form in rewrites(operator):
        yield from leaves(form)
    if isinstance(operator, Kronecker):
        yield operator
        if all(part.is_identity or _computed_once(part) for part in operator):
            matrices = [p if p.is_identity else Constant.of(p.to_dense()) for p in operator]
            if not any(map(_is_complex, matrices)):
                yield Kronecker(*matrices)
    if isinstance(operator, Sum | Product | Kronecker | Basis | BlockDiagonal | HStack | VStack):
        for part in operator:
            yield from leaves(part)
    elif not operator.is_identity:
        yield operator


def _computed_once(operator: LinearOperator) -> bool:
    """Whether a matrix can be computed once: nothing in it can ever be trained or loaded."""
    entries = operator.out_features * operator.in_features
    return entries <= _HOISTED_NUMBERS and not operator.is_identity and not operator.state_dict()


def _is_complex(operator: LinearOperator) -> bool:
    """Whether an operator is a matrix of complex numbers that is not trained."""
    return isinstance(operator, Constant) and operator.matrix.is_complex()


def _complex(cost: Cost) -> Cost:
    """Return the cost with complex numbers of what costs so much with real ones."""
    return Cost(4 * cost.flops, 2 * cost.bytes, cost.calls)


def _in_place(form: LinearOperator) -> bool:
    """Whether a form is a chain of a product's own factors that copies no vectors."""
    return isinstance(form, Chained) and form.in_place and not form.composing.calls


def _materialized(operator: LinearOperator) -> bool:
    """Whether an operator forms its dense matrix by itself."""
    if isinstance(operator, Adjoint | Transpose):
        return _materialized(operator.operator)
    return isinstance(operator, Materialized)
