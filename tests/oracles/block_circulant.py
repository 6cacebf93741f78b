"""Cases of BlockCirculant: a grid of scipy.linalg.circulant."""

import numpy as np
import scipy.linalg
from tests.contract.case import DTYPES, Case, reals

from prodsumnet.operators.block_circulant import BlockCirculant


def matrix(weight: np.ndarray) -> np.ndarray:
    return np.block([[scipy.linalg.circulant(column) for column in row] for row in weight])


ERRORS = (
    (lambda: BlockCirculant(0, 2, 3), ValueError, "block_rows must lie between 1"),
    (lambda: BlockCirculant(1, -2, 3), ValueError, "block_columns must lie between 1"),
    (lambda: BlockCirculant(1, 2, 3.0), TypeError, "block_size must be an integer, got 3.0"),
)

CASES = [
    Case(
        id=f"{sizes}-{dtype}",
        build=lambda sizes=sizes, dtype=dtype: BlockCirculant(*sizes, dtype=dtype),
        oracle=lambda numbers: matrix(numbers["weight"]),
        trainable=int(np.prod(sizes)) * reals(dtype),
        errors=ERRORS,
    )
    for sizes in ((2, 3, 4), (3, 1, 5), (2, 2, 1), (1, 2, 2))
    for dtype in DTYPES
]
