r"""Tensor trains :math:`\prod_k (I \otimes G_k \otimes I)`, in the order in which they are applied.

The matrix seen as a tensor, with an axis for the rows and columns of each core together, is a
tensor train (Oseledets 2011; Novikov et al. 2015).
"""

import math

from prodsumnet.fitting.closed_forms.kronecker import rearranged
from prodsumnet.fitting.closed_forms.task import Task
from prodsumnet.fitting.closed_forms.trains import tensor_train
from prodsumnet.operators import Dense, Product
from prodsumnet.operators.kronecker_train import stage


def fit(task: Task) -> bool | None:
    """Set the cores by singular value decompositions and sweeps."""
    factors = list(task.operator) if isinstance(task.operator, Product) else []
    stages = [stage(factor) for factor in reversed(factors)]
    found = [
        (before, core, behind)
        for before, core, behind in (one for one in stages if one is not None)
        if isinstance(core, Dense)
    ]
    if len(found) < 2 or len(found) < len(stages):
        return None
    shape = _shape(found)
    target = task.goal_of(core.weight for _, core, _ in found)
    if shape is None or target is None:
        return None
    pairs, ranks = shape
    cores = tensor_train(rearranged(target, pairs), ranks, task.sweeps)
    for (_, leaf, _), (m, n), core in zip(found, pairs, cores, strict=True):
        # A core maps the rank before it and its inputs to its outputs and the rank behind it.
        left, _, right = core.shape
        blocks = core.reshape(left, m, n, right).permute(1, 3, 0, 2)
        leaf.weight.view(m, right, left, n).copy_(blocks)
    return task.metric is None and len(found) == 2


def _shape(
    stages: list[tuple[int, Dense, int]],
) -> tuple[list[tuple[int, int]], list[int]] | None:
    """Return the sizes of each core and the ranks between, if the stages make up a train."""
    pairs, ranks, left, done = [], [], 1, 1
    for k, (before, core, after) in enumerate(stages):
        last = k == len(stages) - 1
        outputs = core.out_features if last else stages[k + 1][0] // before
        if before != done or core.in_features % left or outputs == 0:
            return None
        if core.out_features % outputs or (last and after != 1):
            return None
        pairs.append((outputs, core.in_features // left))
        done, left = done * outputs, core.out_features // outputs
        ranks.append(left)
        if not last and stages[k + 1][0] != done:
            return None
    inputs = [n for _, n in pairs]
    if any(after != math.prod(inputs[k + 1 :]) for k, (_, _, after) in enumerate(stages)):
        return None
    return pairs, ranks[:-1]
