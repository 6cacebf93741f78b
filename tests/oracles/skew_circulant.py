"""Cases of SkewCirculant: the definition, entry by entry."""

import numpy as np
import scipy.linalg
from tests.contract.case import DTYPES, Case, reals

from prodsumnet.operators.skew_circulant import SkewCirculant


def matrix(column: np.ndarray) -> np.ndarray:
    """A circulant matrix with the sign turned above the diagonal."""
    full = scipy.linalg.circulant(column)
    return np.tril(full) - np.triu(full, 1)


CASES = [
    Case(
        id=f"{size}-{dtype}",
        build=lambda size=size, dtype=dtype: SkewCirculant(size, dtype=dtype),
        oracle=lambda numbers: matrix(numbers["weight"]),
        trainable=size * reals(dtype),
        errors=((lambda: SkewCirculant(0), ValueError, "must lie between 1"),),
    )
    for size in (7, 8, 2, 1)
    for dtype in DTYPES
]
