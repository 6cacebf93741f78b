"""Products evaluated as chains of matrix products between axes of a tensor."""

import contextlib
import math

import torch

from prodsumnet.evaluation.chains.grouping import alive
from prodsumnet.evaluation.chains.layouts import Layouts
from prodsumnet.evaluation.chains.stages import Chain
from prodsumnet.evaluation.memory import Memory
from prodsumnet.numerics import checks
from prodsumnet.operators import Cost, LinearOperator

_WIDE = 16
"""Matrices of fewer rows or columns are multiplied much slower."""


class Chained(LinearOperator):
    """The same operator, evaluated stage by stage in layouts that need few copies.

    Parameters
    ----------
    operator : LinearOperator
        The operator, whose numbers are shared.
    chain : Chain
        Its stages; the numbers of composed ones are kept where no gradients are wanted.

    Attributes
    ----------
    in_place : bool
        Whether all stages are matrices along axes of each vector, which costs no copies.
    wide : bool
        Whether every stage is matrices that are not multiplied slowly for being narrow.
    """

    def __init__(self, operator: LinearOperator, chain: Chain) -> None:
        super().__init__(*operator.shape)
        self.operator = operator
        self._chain = chain
        self._ways = {False: _Way(operator, chain), True: _Way(operator, chain.adjoint())}
        self.in_place = self._ways[False].in_place
        sides = (side for stage in chain.stages for side in (stage.outs, stage.ins))
        self.wide = min(map(chain.count, sides), default=1) >= _WIDE

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return self._by_rows(x, adjoint=False)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return self._by_rows(y, adjoint=True)

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        return self._evaluate(x.mT, adjoint=False).mT

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        return self._evaluate(y.mT, adjoint=True).mT

    def _by_rows(self, x: torch.Tensor, adjoint: bool) -> torch.Tensor:
        lead = x.shape[:-1]
        images = self._evaluate(x.reshape(math.prod(lead), x.shape[-1]), adjoint)
        return images.reshape(*lead, images.shape[-1])

    def _evaluate(self, x: torch.Tensor, adjoint: bool) -> torch.Tensor:
        return self._ways[adjoint].apply(x)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return self.operator._to_dense(dtype, device)

    def _cost(self, batch: int) -> Cost:
        chain = self._chain
        counts, total = alive(chain), Cost()
        for stage, before, after in zip(chain.stages, counts, counts[1:], strict=False):
            numbers = chain.count(stage.axes)
            total += Cost.elementwise(
                batch * before + numbers,
                batch * after,
                2 * batch * before * chain.count(stage.outs),
            )
        return total

    @property
    def composing(self) -> Cost:
        """What composing stages adds to the cost where gradients are wanted."""
        composed = [stage for stage in self._chain.stages if len(stage.operators) > 1]
        # Each tensor on the way to a composed one is smaller, mostly by half or more.
        numbers = sum(2 * self._chain.count(stage.axes) for stage in composed)
        calls = sum(len(stage.operators) - 1 for stage in composed)
        moved = Cost.elementwise(numbers, numbers, numbers)
        return Cost(moved.flops, moved.bytes, calls)

    def _symbol(self) -> str:
        return f"<{self.operator._symbol()}>"


class _Way:
    """A chain and how it is evaluated."""

    def __init__(self, operator: LinearOperator, chain: Chain) -> None:
        self._stages, self._layouts = chain.stages, Layouts(chain)
        self.in_place = self._layouts.in_place
        self._composed = any(len(stage.operators) > 1 for stage in chain.stages)
        self._memory = Memory(operator, self._numbers)

    def apply(self, x: torch.Tensor) -> torch.Tensor:
        """Map rows of vectors."""
        known = self._composed and self._memory.usable()
        return self._layouts.apply(x, self._memory.get(x) if known else self._numbers(x))

    def _numbers(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Return the numbers of each stage."""
        casting = self._composed and checks.autocasting(x.device)
        # Few numbers make large tensors here, so their rounding must not be the tensors'.
        with torch.autocast(x.device.type, enabled=False) if casting else contextlib.nullcontext():
            return [stage.numbers(x.dtype, x.device) for stage in self._stages]
