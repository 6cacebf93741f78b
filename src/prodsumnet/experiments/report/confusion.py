"""Which classes are taken for which."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prodsumnet.experiments.summary import Group

_CLASSES = {
    "fashion-mnist": (
        "T-shirt",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "boot",
    )
}


@dataclass(frozen=True)
class Cell:
    """How many samples, and how dark that is drawn, from 0 to 1; the diagonal is not."""

    count: int
    shade: float


@dataclass(frozen=True)
class Confusion:
    """The test samples of all runs: true classes in rows, those they were taken for in columns."""

    classes: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    runs: int


def confusion(group: Group) -> Confusion | None:
    """Return the sum over the records that have a confusion matrix of the first one's size."""
    matrices = [record.confusion for record in group.records if record.confusion]
    if not matrices:
        return None
    size = len(matrices[0])
    matrices = [matrix for matrix in matrices if len(matrix) == size]
    total = np.sum(matrices, axis=0).tolist()
    names = _CLASSES.get(group.first.recipe.dataset, ())
    classes = names if len(names) == size else tuple(map(str, range(size)))
    rows = tuple(_row(row, position) for position, row in enumerate(total))
    return Confusion(classes, rows, len(matrices))


def _row(counts: Sequence[int], true: int) -> tuple[Cell, ...]:
    samples = sum(counts) or 1
    # The square root, or the few samples taken for another class would not be seen.
    return tuple(
        Cell(count, 0 if taken == true else round((count / samples) ** 0.5, 2))
        for taken, count in enumerate(counts)
    )
