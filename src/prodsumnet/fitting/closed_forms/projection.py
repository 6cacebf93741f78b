"""One leaf: the orthogonal projection onto its fixed matrices.

Averages over what shares a number, for Toeplitz, circulant or hashed matrices (Chan 1988); the
entries themselves, for sparse and banded ones; angles and phases likewise have a formula.
"""

from prodsumnet.fitting.closed_forms.task import Task


def fit(task: Task) -> bool | None:
    """Project the target onto a leaf, by the formula that the leaf has itself."""
    project = getattr(task.operator, "_project", None)
    own = list(task.operator.parameters(recurse=False))
    if project is None or len(own) < len(list(task.operator.parameters())):
        return None
    project(task.target)
    return task.metric is None
