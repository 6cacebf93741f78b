"""Products evaluated as chains of matrix products between axes of a tensor."""

import contextlib
import math

import torch

from prodsumnet.evaluation.grouping import alive
from prodsumnet.evaluation.layouts import Layouts
from prodsumnet.evaluation.stages import Chain
from prodsumnet.numerics import checks
from prodsumnet.operators import Cost, LinearOperator


class Chained(LinearOperator):
    """The same operator, evaluated stage by stage in layouts that need few copies.

    Parameters
    ----------
    operator : LinearOperator
        The operator, whose numbers are shared.
    chain : Chain
        Its stages; composed ones are computed anew at each call.
    """

    def __init__(self, operator: LinearOperator, chain: Chain) -> None:
        super().__init__(*operator.shape)
        self.operator = operator
        self._chain = chain
        self._ways = {
            adjoint: (side, Layouts(side), any(len(s.operators) > 1 for s in side.stages))
            for adjoint, side in ((False, chain), (True, chain.adjoint()))
        }

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
        chain, layouts, composed = self._ways[adjoint]
        casting = composed and checks.autocasting(x.device)
        # Few numbers make large tensors here, so their rounding must not be the tensors'.
        with torch.autocast(x.device.type, enabled=False) if casting else contextlib.nullcontext():
            numbers = [stage.numbers(x.dtype, x.device) for stage in chain.stages]
        return layouts.apply(x, numbers)

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
            if len(stage.operators) > 1:
                # Each tensor on the way to a composed one is smaller, mostly by half or more.
                total += Cost.elementwise(2 * numbers, 2 * numbers, 2 * numbers)
        return total

    def _symbol(self) -> str:
        return f"<{self.operator._symbol()}>"
