"""Two dense factors: the truncated singular value decomposition (Eckart & Young 1936).

In a metric, of the target between its square roots, of which pseudo-inverses lead back: the nearest
matrix of a rank there too, whether the weights are singular or not.
"""

import torch

from prodsumnet.fitting.closed_forms.task import Task
from prodsumnet.fitting.closed_forms.truncation import balanced_factors
from prodsumnet.fitting.objective import square_root
from prodsumnet.operators import Dense, Product, Transpose

_CUT = 1e-12


def fit(task: Task) -> bool | None:
    """Set ``U V`` to the nearest matrix of its rank."""
    if not isinstance(task.operator, Product):
        return None
    factors = list(task.operator)
    leaves = [f.operator if isinstance(f, Transpose) else f for f in factors]
    dense = [leaf for leaf in leaves if isinstance(leaf, Dense)]
    if len(dense) != 2 or len(factors) != 2:
        return None
    target = task.goal_of(leaf.weight for leaf in dense)
    if target is None:
        return None
    left = right = None
    if task.metric is not None:
        left, right = task.metric.left, task.metric.right
        if any(w is not None and w.is_complex() for w in (left, right)):
            return None
    target, undo_left = _whitened(target, left)
    whitened, undo_right = _whitened(target.mT, right)
    u, v = balanced_factors(whitened.mT, factors[0].in_features)
    for factor, leaf, value in zip(factors, dense, (undo_left @ u, v @ undo_right.mT), strict=True):
        leaf.weight.copy_(value.mT if isinstance(factor, Transpose) else value)
    return True


def _whitened(
    target: torch.Tensor, weight: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the target times a square root of the weight, and the root's pseudo-inverse."""
    if weight is None:
        return target, torch.eye(len(target), dtype=target.dtype, device=target.device)
    root = square_root(weight).to(target.dtype)
    return root @ target, torch.linalg.pinv(root, rtol=_CUT)
