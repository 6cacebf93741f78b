"""Choosing between factor-by-factor evaluation and dense matrices, node by node.

A plan is an expression over the same numbers, in which some nodes are computed through their dense
matrix and fixed nodes are computed once.
"""

import torch

from prodsumnet.evaluation.composed import Composed, compose
from prodsumnet.operators import (
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

# Rough rates of one core of a present-day CPU; only their ratios matter.
FLOPS_PER_SECOND = 5e10
BYTES_PER_SECOND = 1e10
SECONDS_PER_CALL = 5e-6

_HOISTED_NUMBERS = 2**20
"""Largest fixed matrix that is computed once and kept."""


def seconds(cost: Cost) -> float:
    """Return the time that a cost stands for, in seconds."""
    return cost.flops / FLOPS_PER_SECOND + cost.bytes / BYTES_PER_SECOND


def plan(
    operator: LinearOperator, batch: int, dtype: torch.dtype, device: torch.device
) -> LinearOperator:
    """Return an equal operator over the same numbers that is the quickest way for a batch.

    Parameters
    ----------
    operator : LinearOperator
        What to compute.
    batch : int
        The number of vectors it will be applied to at a time.
    dtype, device
        Of what it will be applied to, for the fixed nodes that are computed once.

    Returns
    -------
    LinearOperator
        To be called, not to be trained, stored or composed further. It stays right when numbers
        change, be it in place or by loading; where a conversion changes ``dtype`` or ``device``, a
        new plan is needed.
    """
    # What is computed once must serve training too, wherever the plan was made.
    with torch.inference_mode(False), torch.no_grad():
        return _Planner(operator.dtype or dtype, device).plan(operator, max(batch, 1))[0]


class _Planner:
    """One planning: every node is decided once for each batch that it meets."""

    def __init__(self, dtype: torch.dtype, device: torch.device) -> None:
        self._dtype, self._device = dtype, device
        self._decided: dict[tuple[int, int], tuple[LinearOperator, float]] = {}

    def plan(self, operator: LinearOperator, batch: int) -> tuple[LinearOperator, float]:
        """Return the quickest form of a node and the seconds it should take."""
        key = id(operator), batch
        if key not in self._decided:
            self._decided[key] = self._decide(operator, batch)
        return self._decided[key]

    def _decide(self, operator: LinearOperator, batch: int) -> tuple[LinearOperator, float]:
        if operator.is_identity:
            return operator, 0.0
        entries = operator.out_features * operator.in_features
        multiply = SECONDS_PER_CALL + seconds(Cost.matmul(batch, *operator.shape))
        factored, factored_time = self._by_parts(operator, batch)
        # Computed once is only what can never change: neither trained nor loaded from a file.
        if not operator.state_dict() and entries <= _HOISTED_NUMBERS:
            if factored_time <= multiply:
                return factored, factored_time
            return Constant.of(compose(operator, self._dtype, self._device)), multiply
        if isinstance(operator, Dense):
            return factored, factored_time
        composed_time = self._by_parts(operator, min(operator.shape))[1] + multiply
        if composed_time < factored_time:
            return Composed(operator), composed_time
        return factored, factored_time

    def _by_parts(self, operator: LinearOperator, batch: int) -> tuple[LinearOperator, float]:
        """Plan the parts of an operator, each for the batch that it will meet."""
        if isinstance(operator, Scaled):
            part, time = self.plan(operator.operator, batch)
            return Scaled(part, operator.scalar), time
        outputs = batch * operator.out_features
        if isinstance(operator, Kronecker):
            sizes = operator.axis_batches(batch)
            parts = [self.plan(part, size) for part, size in zip(operator, sizes, strict=True)]
            moves = seconds(Cost.elementwise(2 * batch * operator.in_features, 2 * outputs))
            return Kronecker(*(part for part, _ in parts)), sum(t for _, t in parts) + moves
        for kind in (Sum, Product, BlockDiagonal, HStack, VStack):
            if isinstance(operator, kind):
                parts = [self.plan(part, batch) for part in operator]
                joins = 0 if kind is Product else len(parts) - 1
                overhead = joins * seconds(Cost.elementwise(2 * outputs, outputs))
                return kind(*(part for part, _ in parts)), sum(t for _, t in parts) + overhead
        return operator, SECONDS_PER_CALL + seconds(operator.cost(batch))
