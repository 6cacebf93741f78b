"""Cases of Householder: reflections by numpy, one after the other."""

import numpy as np
from tests.contract.case import DTYPES, Case, reals

from prodsumnet.operators.householder import Householder


def reflection(vector: np.ndarray) -> np.ndarray:
    projection = np.outer(vector, vector.conj()) / np.vdot(vector, vector)
    reflection = np.eye(len(vector)) - 2 * projection
    np.testing.assert_allclose(reflection @ reflection, np.eye(len(vector)), atol=1e-12)
    return reflection


def matrix(vectors: np.ndarray) -> np.ndarray:
    dense = np.eye(vectors.shape[1])
    for vector in vectors:
        dense = dense @ reflection(vector)
    return dense


CASES = [
    Case(
        id=f"{size}-{count}-{dtype}",
        build=lambda a=(size, count), dtype=dtype: Householder(*a, dtype=dtype),
        oracle=lambda numbers: matrix(numbers["vectors"]),
        trainable=count * size * reals(dtype),
        linear=False,
        reaches_gain=False,
        errors=(
            (lambda: Householder(1), ValueError, "size must lie between 2"),
            (lambda: Householder(2.5), TypeError, "size must be an integer"),
            (lambda: Householder(4, 0), ValueError, "count must lie between 1"),
        ),
    )
    for size, count in ((6, 1), (5, 3), (3, 7), (2, 1))
    for dtype in DTYPES
]
