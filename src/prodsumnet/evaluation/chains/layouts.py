"""How the stages of a chain are applied without copies of permuted axes.

A tensor lies in memory in some order of its axes. A matrix product takes any three runs of
neighbouring axes, in any order; so the order in which each stage leaves its result is chosen such
that the next ones find theirs, and copies are made only where none does.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from prodsumnet.evaluation.chains.pieces import Along, Pieces
from prodsumnet.evaluation.chains.stages import Axes, Chain, Stage
from prodsumnet.evaluation.chains.steps import BATCH, Kernel, Step, kernel, matrices, mover

_TYPICAL_BATCH = 64
_NARROW = 16
_TURN = 3
"""How much longer a copy takes that does not keep the innermost axis where it is."""

_MAX_LAYOUTS = 24


Path = tuple[Step, ...]
Mover = Callable[[torch.Tensor, int], torch.Tensor]


@dataclass(frozen=True)
class _Way:
    """The kernels of a path, what brings data into order before each, and into rows in the end.

    Where every vector stays in one place, they also are `Pieces`, with what makes their matrices of
    the stages' numbers.
    """

    kernels: list[tuple[Mover, Kernel]]
    last: Mover
    columns: bool
    pieces: Pieces | None
    matrices: list[Callable[[torch.Tensor], torch.Tensor]]


class Layouts:
    """The cheapest layouts of a chain, for one vector or several, rows or columns of a matrix."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._features = chain.count(chain.outs)
        self._ways = {
            (many, columns): self._way(many, columns)
            for many, columns in ((False, False), (True, False), (True, True))
        }

    @property
    def in_place(self) -> bool:
        """Whether rows of vectors are never brought into another order, see `Pieces`."""
        return self._ways[True, False].pieces is not None

    def apply(self, x: torch.Tensor, numbers: list[torch.Tensor]) -> torch.Tensor:
        """Return the chain's images of the rows of a matrix, as rows.

        Parameters
        ----------
        x : Tensor
            ``(batch, in)``; its transpose may be what is contiguous.
        numbers : list of Tensor
            The numbers of the stages.
        """
        batch = x.shape[0]
        columns = batch > 1 and not x.is_contiguous() and x.mT.is_contiguous()
        way = self._ways[batch != 1, columns]
        if way.pieces is not None and way.pieces.several(x):
            weights = [make(own) for make, own in zip(way.matrices, numbers, strict=True)]
            if way.pieces.pays(x, weights):
                return way.pieces.apply(x, weights)
        data = x.mT if columns else x
        for (move, apply), own in zip(way.kernels, numbers, strict=True):
            data = apply(move(data, batch), own, batch)
        data = way.last(data, batch)
        if way.columns:
            return data.reshape(self._features, batch).mT
        return data.reshape(batch, self._features)

    def _way(self, many: bool, columns: bool) -> _Way:
        path, end = self._path(many, columns)
        chain, order, kernels = self._chain, _order(self._chain.ins, many, columns), []
        for stage, step in zip(chain.stages, path, strict=True):
            kernels.append((mover(chain, order, step.order), kernel(chain, stage, step)))
            order = step.result
        pieces = _pieces(chain, path) if order == end else None
        whole = zip(chain.stages, path, strict=True) if pieces is not None else ()
        made = [matrices(chain, stage, step) for stage, step in whole]
        return _Way(kernels, mover(chain, order, end), end[-1:] == (BATCH,), pieces, made)

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
        copied = step.tensor_axes(stage) != stage.axes
        narrow = step.group and self._numbers(step.behind) < _NARROW
        return copied * self._chain.count(stage.axes) + bool(narrow) * self._numbers(step.order)


def _pieces(chain: Chain, path: Path) -> Pieces | None:
    """Return a path as matrices along the axes of each vector, or None if it has other steps."""
    order, steps = (BATCH, *chain.ins), []
    for stage, step in zip(chain.stages, path, strict=True):
        before, behind = (step.group, step.behind) if step.group else (step.behind, ())
        unmoved = step.order == order and before[:1] == (BATCH,) and not stage.group
        if not unmoved or not step.ins or not step.outs or step.turned != (not behind):
            return None
        lengths = map(chain.count, (before[1:], step.ins, step.outs, behind))
        steps.append(Along(*lengths))
        order = step.result
    return Pieces(steps) if steps else None


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
        if behind:
            yield Step(candidate, group, ins, behind, stage.outs, False)
        # The matrix from the right is quicker for single columns.
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
