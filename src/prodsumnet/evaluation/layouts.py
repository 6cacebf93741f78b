"""How the stages of a chain are applied without copies of permuted axes.

A tensor lies in memory in some order of its axes. A matrix product takes any three runs of
neighbouring axes, in any order; so the order in which each stage leaves its result is chosen such
that the next ones find theirs, and copies are made only where none does.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from prodsumnet.evaluation.contraction import aligned, merged
from prodsumnet.evaluation.stages import Axes, Chain, Stage
from prodsumnet.numerics import checks
from prodsumnet.operators.shared_product import shared_product

BATCH = -1
"""The axis of the vectors of a batch."""

_TYPICAL_BATCH = 64
_NARROW = 16
_TURN = 3
"""How much longer a copy takes that does not keep the innermost axis where it is."""

_MAX_LAYOUTS = 24


@dataclass(frozen=True)
class Step:
    """One stage, on data that lie in a certain order.

    Parameters
    ----------
    order : tuple of int
        The order of axes that it needs, to which data are copied if they lie otherwise.
    group, behind, ins, outs : tuple of int
        The runs of axes in it: those along which the numbers differ or, if there are none, those
        before the ones to be replaced; the others; those that go and those that come.
    turned : bool
        Whether the new axes come last rather than before the others.
    """

    order: Axes
    group: Axes
    ins: Axes
    behind: Axes
    outs: Axes
    turned: bool

    @property
    def result(self) -> Axes:
        """The order of axes of the result."""
        return (
            self.group + self.behind + self.outs
            if self.turned
            else self.group + self.outs + self.behind
        )


Path = tuple[Step, ...]


class Layouts:
    """The cheapest layouts of a chain, for one vector or several, rows or columns of a matrix."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._paths = {
            (many, columns): self._path(many, columns)
            for many in (False, True)
            for columns in ((False, True) if many else (False,))
        }

    def apply(self, x: torch.Tensor, tensors: list[torch.Tensor]) -> torch.Tensor:
        """Return the chain's images of the rows of a matrix, as rows.

        Parameters
        ----------
        x : Tensor
            ``(batch, in)``; its transpose may be what is contiguous.
        tensors : list of Tensor
            The numbers of the stages.
        """
        chain, batch = self._chain, x.shape[0]
        columns = batch > 1 and not x.is_contiguous() and x.mT.is_contiguous()
        path, final = self._paths[batch != 1, columns]
        order = _order(chain.ins, batch != 1, columns)
        lengths = {**chain.sizes, BATCH: batch}
        data = (x.mT if columns else x).reshape([lengths[axis] for axis in order])
        for step, stage, tensor in zip(path, chain.stages, tensors, strict=True):
            data = _laid_out(data, order, step.order)
            data = _applied(step, stage, tensor, data)
            order = step.result
            data = data.reshape([lengths[axis] for axis in order])
        data = _laid_out(data, order, final)
        features = chain.count(chain.outs)
        if final[-1:] == (BATCH,):
            return data.reshape(features, batch).mT
        return data.reshape(batch, features)

    def _path(self, many: bool, columns: bool) -> tuple[Path, Axes]:
        """Return the cheapest steps and the order of the result."""
        chain = self._chain
        paths: dict[Axes, tuple[float, Path]] = {_order(chain.ins, many, columns): (0.0, ())}
        for stage in chain.stages:
            found: dict[Axes, tuple[float, Path]] = {}
            for order, (cost, path) in paths.items():
                for step in _steps(stage, order):
                    total = cost + self._copy(order, step.order) + self._product(stage, step)
                    if total < found.get(step.result, (float("inf"),))[0]:
                        found[step.result] = total, (*path, step)
            kept = sorted(found.items(), key=lambda item: (item[1][0], item[0]))
            paths = dict(kept[:_MAX_LAYOUTS])
        ends = [_order(chain.outs, many, last) for last in ((False, True) if many else (False,))]
        choices = [
            # A result whose rows are contiguous is preferred, all else being equal.
            (cost + self._copy(order, end) + self._numbers(end) * place / 2, path, end)
            for order, (cost, path) in paths.items()
            for place, end in enumerate(ends)
        ]
        _, path, end = min(choices, key=lambda choice: choice[0])
        return path, end

    def _numbers(self, axes: Axes) -> int:
        count = self._chain.count([axis for axis in axes if axis != BATCH])
        return count * _TYPICAL_BATCH if BATCH in axes else count

    def _copy(self, order: Axes, wanted: Axes) -> float:
        if order == wanted:
            return 0
        return self._numbers(order) * (1 if order[-1] == wanted[-1] else _TURN)

    def _product(self, stage: Stage, step: Step) -> float:
        """Return what else a step costs: its numbers copied, and products with few columns."""
        if not (stage.outs or stage.ins):
            return 0
        own = () if not stage.group else step.group
        asked = own + step.outs + step.ins
        copied = tuple(asked) != stage.axes
        narrow = step.group and self._numbers(step.behind) < _NARROW
        return copied * self._chain.count(stage.axes) + bool(narrow) * self._numbers(step.order)


def _order(axes: Axes, many: bool, columns: bool) -> Axes:
    """Return the order of axes of a matrix of vectors in rows or columns, or of one vector."""
    if not many:
        return axes
    return (*axes, BATCH) if columns else (BATCH, *axes)


def _steps(stage: Stage, order: Axes) -> Iterator[Step]:
    """Give the ways to apply a stage to data in an order, some of them after a copy."""
    if not (stage.ins or stage.outs):
        yield Step(order, order, (), (), (), False)
        return
    others = tuple(axis for axis in order if axis not in stage.group + stage.ins)
    copies = [stage.group + stage.ins + others, stage.group + others + stage.ins]
    for candidate in dict.fromkeys([order, *copies]):
        runs = _runs(stage, candidate)
        if runs is None:
            continue
        group, ins, behind = runs
        yield Step(candidate, group, ins, behind, stage.outs, False)
        if stage.group or not group:
            yield Step(candidate, group, ins, behind, stage.outs, True)


def _runs(stage: Stage, order: Axes) -> tuple[Axes, Axes, Axes] | None:
    """Return the runs of axes of a matrix product, or None if they are no runs."""
    ins = tuple(axis for axis in order if axis in stage.ins)
    group = tuple(axis for axis in order if axis in stage.group)
    others = tuple(axis for axis in order if axis not in stage.ins + stage.group)
    if stage.group:
        runs = [run for run in (group, ins, others) if run]
        # A matrix product needs one of its own two axes innermost.
        if order[-1] in group and len(runs) > 1:
            return None
        fits = any(sum(p, ()) == order for p in itertools.permutations(runs))
        return (group, ins, others) if fits else None
    start = order.index(ins[0]) if ins else len(order)
    if order[start : start + len(ins)] != ins:
        return None
    before, behind = order[:start], order[start + len(ins) :]
    if not behind:
        # All that is before makes the rows of one product.
        return (), ins, before
    return before, ins, behind


def _laid_out(data: torch.Tensor, order: Axes, wanted: Axes) -> torch.Tensor:
    """Return data in the order of axes wanted, copied if that is another one."""
    if order == wanted:
        return data
    return data.permute([order.index(axis) for axis in wanted]).contiguous()


def _applied(step: Step, stage: Stage, tensor: torch.Tensor, data: torch.Tensor) -> torch.Tensor:
    if not (stage.ins or stage.outs):
        return data * aligned(tensor, stage.axes, step.order)
    if stage.group:
        x = merged(data, step.order, (step.group, step.ins, step.behind))
        weight = merged(tensor, stage.axes, (step.group, step.outs, step.ins))
        x, weight = checks.unify(x, weight)
        return torch.bmm(x.mT, weight.mT) if step.turned else torch.bmm(weight, x)
    weight = merged(tensor, stage.axes, (step.outs, step.ins))
    if step.group:
        return shared_product(weight, merged(data, step.order, (step.group, step.ins, step.behind)))
    x, weight = checks.unify(merged(data, step.order, (step.ins, step.behind)), weight)
    return x.mT @ weight.mT if step.turned else weight @ x
