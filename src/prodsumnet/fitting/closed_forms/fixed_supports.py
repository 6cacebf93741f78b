r"""Products of matrices with fixed supports: low rank, Monarch, block tensor trains, butterflies.

Two factors :math:`X Y`: the entries that inner index ``t`` reaches are the rectangle of the support
of column ``t`` of ``X`` and row ``t`` of ``Y``. If any two of these rectangles are the same or have
no entry in common, the nearest product is the truncated singular value decomposition of each
rectangle (Le, Riccietti & Gribonval 2023); for Monarch, of each block (Dao et al. 2022).

More factors: they are divided into two halves, whose supports are those of their products, and then
each half in the same way (Le, Zheng, Riccietti & Gribonval 2022). What a matrix of such a form is
made of is found exactly; the fit to others is near the best.
"""

import torch

from prodsumnet.fitting.closed_forms.supports import Placed, placed_factors
from prodsumnet.fitting.closed_forms.task import Task
from prodsumnet.fitting.closed_forms.truncation import balanced_factors

Rectangles = list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]
"""Batches of rectangles of equal shape: rows, columns and inner indices, each ``(batch, count)``.
"""


def fit(task: Task) -> bool | None:
    """Set the factors of a product by splitting it in two again and again."""
    target = task.goal_of(task.operator.parameters())
    parts = None if target is None else placed_factors(task.operator)
    if parts is None or target is None or (len(parts) > 1 and not _divisible(parts)):
        return None
    _assign(parts, target)
    return task.metric is None and len(parts) <= 2


def _assign(parts: list[Placed], target: torch.Tensor) -> None:
    if len(parts) == 1:
        parts[0].assign(target)
        return
    left, right, middle, rectangles = _halves(parts)
    assert rectangles is not None
    inner = len(middle)
    x = target.new_zeros(len(target), inner)
    y = target.new_zeros(inner, target.shape[1])
    for rows, columns, shared in rectangles:
        blocks = target[rows[:, :, None], columns[:, None, :]]
        u, v = balanced_factors(blocks, shared.shape[1])
        x[rows[:, :, None], shared[:, None, :]] = u
        y[shared[:, :, None], columns[:, None, :]] = v
    _assign(left, x)
    _assign(right, y)


def _divisible(parts: list[Placed]) -> bool:
    """Whether the rectangles of every division are the same or apart."""
    if len(parts) == 1:
        return True
    left, right, _, rectangles = _halves(parts)
    return rectangles is not None and _divisible(left) and _divisible(right)


def _halves(
    parts: list[Placed],
) -> tuple[list[Placed], list[Placed], torch.Tensor, Rectangles | None]:
    half = len(parts) // 2
    left, right = parts[:half], parts[half:]
    x, y = _support(left), _support(right)
    return left, right, y.sum(1), _rectangles(x, y)


def _support(parts: list[Placed]) -> torch.Tensor:
    """Return where the product of some factors can have entries."""
    support = parts[0].support
    for part in parts[1:]:
        support = ((support @ part.support) > 0).float()
    return support


def _rectangles(x: torch.Tensor, y: torch.Tensor) -> Rectangles | None:
    """Group inner indices by their rectangles; None if two different ones meet."""
    reached = torch.cat((x.mT, y), dim=1)
    patterns, group = reached.unique(dim=0, return_inverse=True)
    tall, wide = patterns[:, : len(x)], patterns[:, len(x) :]
    useful = (tall.sum(1) > 0) & (wide.sum(1) > 0)
    if ((tall[useful].mT @ wide[useful]) > 1).any():
        return None
    order = group.argsort(stable=True)
    members = order.split(group.bincount(minlength=len(patterns)).tolist())
    batches: dict[tuple[int, int, int], list[int]] = {}
    for k in useful.nonzero().flatten().tolist():
        shape = int(tall[k].sum()), int(wide[k].sum()), len(members[k])
        batches.setdefault(shape, []).append(k)
    found: Rectangles = []
    for (height, width, _), chosen in batches.items():
        rows = tall[chosen].nonzero()[:, 1].view(len(chosen), height)
        columns = wide[chosen].nonzero()[:, 1].view(len(chosen), width)
        found.append((rows, columns, torch.stack([members[k] for k in chosen])))
    return found
