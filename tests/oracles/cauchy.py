"""Cases of Cauchy against its definition by numpy."""

import numpy as np
from tests.contract.case import Case

from prodsumnet.operators.cauchy import Cauchy


def nodes(out: int, in_: int) -> tuple[np.ndarray, np.ndarray]:
    """The nodes of the rows and of the columns."""
    longer = max(out, in_)
    rows = np.array([((2 * i + 1) * longer) // (2 * out) for i in range(out)], dtype=float)
    columns = np.array([((2 * j + 1) * longer) // (2 * in_) for j in range(in_)], dtype=float)
    return rows, columns - 0.5


def matrix(out: int, in_: int) -> np.ndarray:
    rows, columns = nodes(out, in_)
    dense = 1 / np.subtract.outer(rows, columns)
    return dense / np.linalg.norm(dense, axis=1, keepdims=True)


ERRORS = (
    (lambda: Cauchy(3, 0), ValueError, "in_features must lie between 1"),
    (lambda: Cauchy(2**20, 2**20), ValueError, "Cauchy would hold"),
)

CASES = [
    Case(
        id=f"{out}x{in_}",
        build=lambda a=(out, in_): Cauchy(*a),
        oracle=lambda numbers, a=(out, in_): matrix(*a),
        trainable=0,
        errors=ERRORS,
    )
    for out, in_ in ((6, 6), (7, 3), (2, 9), (1, 1), (1, 4), (3, 1))
]
