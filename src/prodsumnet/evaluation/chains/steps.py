"""One stage of a chain on data that lie in a given order of axes: one matrix product."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from prodsumnet.evaluation.chains.contraction import aligned
from prodsumnet.evaluation.chains.stages import Axes, Chain, Stage
from prodsumnet.numerics import checks
from prodsumnet.numerics.permuted import permuted
from prodsumnet.operators.shared_product import shared_product

BATCH = -1
"""The axis of the vectors of a batch."""

Kernel = Callable[[torch.Tensor, torch.Tensor, int], torch.Tensor]
"""Maps data and the numbers of a stage, for so many vectors."""


@dataclass(frozen=True)
class Step:
    """A stage with the runs of axes that it takes from the data.

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
        if self.turned:
            return self.group + self.behind + self.outs
        return self.group + self.outs + self.behind

    def tensor_axes(self, stage: Stage) -> Axes:
        """Return the order in which the axes of the stage's numbers are needed."""
        return (self.group if stage.group else ()) + self.outs + self.ins


def lengths(chain: Chain, axes: Axes, batch: int) -> list[int]:
    """Return the lengths of axes, that of the batch included."""
    return [batch if axis == BATCH else chain.sizes[axis] for axis in axes]


def mover(chain: Chain, order: Axes, wanted: Axes) -> Callable[[torch.Tensor, int], torch.Tensor]:
    """Return what copies contiguous data from one order of axes to another, if they differ."""
    if order == wanted:
        return lambda data, batch: data
    places = [order.index(axis) for axis in wanted]

    def move(data: torch.Tensor, batch: int) -> torch.Tensor:
        return permuted(data.reshape(lengths(chain, order, batch)), places)

    return move


def kernel(chain: Chain, stage: Stage, step: Step) -> Kernel:
    """Return what applies a stage to contiguous data in the order of a step."""
    if not (stage.ins or stage.outs):
        return _multiplication(chain, stage, step)
    wanted = step.group, step.ins, step.behind
    # Empty runs come first; which of them does not matter.
    places = [step.order.index(run[0]) if run else -1 for run in wanted]
    lying = sorted(range(3), key=places.__getitem__)
    runs, turn = [wanted[i] for i in lying], [lying.index(i) for i in range(3)]
    counts = [(chain.count([a for a in run if a != BATCH]), BATCH in run) for run in runs]
    weights = matrices(chain, stage, step)
    shared, many = not stage.group, bool(step.group)

    def apply(data: torch.Tensor, numbers: torch.Tensor, batch: int) -> torch.Tensor:
        x = data.reshape([n * batch if batched else n for n, batched in counts])
        x, weight = checks.unify(x.permute(turn), weights(numbers))
        if not shared:
            return torch.bmm(x.mT, weight.mT) if step.turned else torch.bmm(weight, x)
        if many:
            return shared_product(weight, x)
        x = x.squeeze(0)
        return x.mT @ weight.mT if step.turned else weight @ x

    return apply


def matrices(chain: Chain, stage: Stage, step: Step) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return what brings the numbers of a stage into the form of matrices."""
    asked = step.tensor_axes(stage)
    shape = [chain.count(axes) for axes in (step.outs, step.ins)]
    if stage.group:
        shape.insert(0, chain.count(stage.group))
    if asked == stage.axes:
        return lambda numbers: numbers.reshape(shape)
    sizes = [chain.sizes[axis] for axis in stage.axes]
    places = [stage.axes.index(axis) for axis in asked]
    return lambda numbers: numbers.reshape(sizes).permute(places).reshape(shape)


def _multiplication(chain: Chain, stage: Stage, step: Step) -> Kernel:
    sizes = [chain.sizes[axis] for axis in stage.axes]

    def apply(data: torch.Tensor, numbers: torch.Tensor, batch: int) -> torch.Tensor:
        factor = aligned(numbers.reshape(sizes), stage.axes, step.order)
        return data.reshape(lengths(chain, step.order, batch)) * factor

    return apply
