"""Small tensors multiplied with each other, such as consecutive stages of a chain."""

import math
from collections.abc import Sequence

import torch

from prodsumnet.evaluation.chains.stages import Axes, Chain, Stage
from prodsumnet.numerics import checks


def contract(
    a: torch.Tensor, a_axes: Axes, b: torch.Tensor, b_axes: Axes, axes: Axes
) -> torch.Tensor:
    """Return the product of two tensors, summed over the axes that both have and the result lacks.

    Parameters
    ----------
    a, b : Tensor
        The tensors.
    a_axes, b_axes, axes : tuple of int
        Names of their axes, and of the result's; every axis of only one tensor stays.
    """
    a, b = checks.unify(a, b)
    summed = [axis for axis in a_axes if axis in b_axes and axis not in axes]
    if not summed:
        return aligned(a, a_axes, axes) * aligned(b, b_axes, axes)
    both = [axis for axis in axes if axis in a_axes and axis in b_axes]
    left = [axis for axis in axes if axis not in b_axes]
    right = [axis for axis in axes if axis not in a_axes]
    lengths = {
        **dict(zip(a_axes, a.shape, strict=True)),
        **dict(zip(b_axes, b.shape, strict=True)),
    }
    product = torch.bmm(
        merged(a, a_axes, (both, left, summed)), merged(b, b_axes, (both, summed, right))
    )
    order = (*both, *left, *right)
    product = product.reshape([lengths[axis] for axis in order])
    return product.permute([order.index(axis) for axis in axes])


def aligned(tensor: torch.Tensor, axes: Axes, wanted: Axes) -> torch.Tensor:
    """Return a tensor with its axes in the order wanted, of length one where it has none."""
    tensor = tensor.permute([axes.index(axis) for axis in wanted if axis in axes])
    for place, axis in enumerate(wanted):
        if axis not in axes:
            tensor = tensor.unsqueeze(place)
    return tensor


def merged(tensor: torch.Tensor, axes: Axes, groups: Sequence[Sequence[int]]) -> torch.Tensor:
    """Return a tensor with one axis for each group of axes, without a copy if that can be."""
    places = [[axes.index(axis) for axis in group] for group in groups]
    sizes = [math.prod([tensor.shape[place] for place in group]) for group in places]
    return tensor.permute([place for group in places for place in group]).reshape(sizes)


def joint(first: Stage, second: Stage) -> tuple[Axes, Axes, Axes]:
    """Return the axes (group, outs, ins) of two stages as one.

    Axes of which the numbers depend but that only the second one replaces are the joint stage's
    input. New axes come first, so that those which go together stay next to each other in memory.
    """
    passed = [axis for axis in second.ins if axis not in first.outs]
    ins = (*passed, *first.ins)
    outs = second.outs + tuple(axis for axis in first.outs if axis not in second.ins)
    known = (*first.group, *(a for a in second.group if a not in (*first.outs, *first.group)))
    return tuple(axis for axis in known if axis not in passed), outs, ins


def compose(chain: Chain, stages: Sequence[Stage]) -> Stage:
    """Return consecutive stages as one, whose tensor is their product."""
    whole = stages[0]
    for stage in stages[1:]:
        whole = _pair(chain, whole, stage)
    return whole


def _pair(chain: Chain, first: Stage, second: Stage) -> Stage:
    group, outs, ins = joint(first, second)
    order = outs + group + ins

    def numbers(dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        a = chain.tensor(second, dtype, device)
        b = chain.tensor(first, dtype, device)
        product = contract(a, second.axes, b, first.axes, order)
        return product.permute([order.index(axis) for axis in group + outs + ins])

    return Stage(first.operators + second.operators, numbers, group, outs, ins)
