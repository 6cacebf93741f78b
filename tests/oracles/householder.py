"""Cases of Householder: the reflection by numpy."""

import numpy as np
from tests.contract.case import DTYPES, Case, reals

from prodsumnet.operators.householder import Householder


def matrix(vector: np.ndarray) -> np.ndarray:
    projection = np.outer(vector, vector.conj()) / np.vdot(vector, vector)
    reflection = np.eye(len(vector)) - 2 * projection
    np.testing.assert_allclose(reflection @ reflection, np.eye(len(vector)), atol=1e-12)
    return reflection


CASES = [
    Case(
        id=f"{size}-{dtype}",
        build=lambda size=size, dtype=dtype: Householder(size, dtype=dtype),
        oracle=lambda numbers: matrix(numbers["vector"]),
        trainable=size * reals(dtype),
        linear=False,
        reaches_gain=False,
        errors=(
            (lambda: Householder(1), ValueError, "size must lie between 2"),
            (lambda: Householder(2.5), TypeError, "size must be an integer"),
        ),
    )
    for size in (6, 5, 2)
    for dtype in DTYPES
]
