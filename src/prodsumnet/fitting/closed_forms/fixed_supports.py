r"""Products of matrices with fixed supports: low rank, Monarch, block tensor trains, butterflies.

Two factors :math:`X Y`: the entries that inner index ``t`` reaches are the rectangle of the support
of column ``t`` of ``X`` and row ``t`` of ``Y``. If any two of these rectangles are the same or have
no entry in common, the nearest product is the truncated singular value decomposition of each
rectangle (Le, Riccietti & Gribonval 2023); for Monarch, of each block (Dao et al. 2022).

More factors: they are divided into two halves, whose supports are those of their products, and then
each half in the same way (Le, Zheng, Riccietti & Gribonval 2022). What a matrix of such a form is
made of is found exactly; the fit to others is near the best.
"""

from dataclasses import dataclass

import torch

from prodsumnet.fitting.closed_forms.supports import Placed, placed_factors
from prodsumnet.fitting.closed_forms.task import Task
from prodsumnet.fitting.closed_forms.truncation import balanced_factors

Rectangles = list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]
"""Batches of rectangles of equal shape: rows, columns and inner indices, each ``(batch, count)``.
"""


@dataclass(frozen=True)
class _Division:
    """A product in two halves, each of which may be divided again, over an inner index."""

    left: "_Division | Placed"
    right: "_Division | Placed"
    inner: int
    rectangles: Rectangles


def fit(task: Task) -> bool | None:
    """Set the factors of a product by splitting it in two again and again."""
    target = task.goal_of(task.operator.parameters())
    parts = None if target is None else placed_factors(task.operator)
    divided = None if parts is None else _divided(parts)
    if parts is None or target is None or divided is None:
        return None
    _assign(divided, target)
    return task.metric is None and len(parts) <= 2


def _assign(product: _Division | Placed, target: torch.Tensor) -> None:
    if isinstance(product, Placed):
        product.assign(target)
        return
    x = target.new_zeros(len(target), product.inner)
    y = target.new_zeros(product.inner, target.shape[1])
    for rows, columns, shared in product.rectangles:
        blocks = target[rows[:, :, None], columns[:, None, :]]
        u, v = balanced_factors(blocks, shared.shape[1])
        x[rows[:, :, None], shared[:, None, :]] = u
        y[shared[:, :, None], columns[:, None, :]] = v
    _assign(product.left, x)
    _assign(product.right, y)


def _divided(parts: list[Placed]) -> _Division | Placed | None:
    """Divide a product in two, and each half; None if different rectangles meet somewhere."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    rectangles = _rectangles(*_reached(parts[:half], parts[half:]))
    if rectangles is None:
        return None
    left, right = _divided(parts[:half]), _divided(parts[half:])
    if left is None or right is None:
        return None
    return _Division(left, right, parts[half].operator.out_features, rectangles)


def _reached(left: list[Placed], right: list[Placed]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return which rows and which columns of two products each inner index reaches."""
    rows, columns = left[0].support.mT.to_dense(), right[-1].support.to_dense()
    for part in left[1:]:
        rows = (torch.sparse.mm(part.support.mT, rows) > 0).float()
    for part in reversed(right[:-1]):
        columns = (torch.sparse.mm(part.support, columns) > 0).float()
    return rows > 0, columns > 0


def _rectangles(rows: torch.Tensor, columns: torch.Tensor) -> Rectangles | None:
    """Group inner indices by their rectangles; None if two different ones meet."""
    patterns, group = torch.cat((rows, columns), 1).unique(dim=0, return_inverse=True)
    tall, wide = patterns.split((rows.shape[1], columns.shape[1]), 1)
    counts = group.bincount(minlength=len(patterns))
    members = group.argsort(stable=True).split(counts.tolist())
    shapes = torch.stack((tall.sum(1), wide.sum(1), counts), 1)
    useful = (shapes[:, 0] * shapes[:, 1]).nonzero().flatten()
    if not _apart(tall[useful], wide[useful]):
        return None
    found: Rectangles = []
    batches, batch = shapes[useful].unique(dim=0, return_inverse=True)
    for k, (height, width, _) in enumerate(batches.tolist()):
        chosen = useful[batch == k]
        found.append(
            (
                tall[chosen].nonzero()[:, 1].view(len(chosen), height),
                wide[chosen].nonzero()[:, 1].view(len(chosen), width),
                torch.stack([members[one] for one in chosen.tolist()]),
            )
        )
    return found


def _apart(tall: torch.Tensor, wide: torch.Tensor) -> bool:
    """Whether no two of some rectangles meet."""
    return not ((tall.float().mT @ wide.float()) > 1).any()
