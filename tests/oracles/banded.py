"""Cases of Banded: the band by its definition, entry by entry."""

import numpy as np
from tests.contract.case import DTYPES, Case, reals

from prodsumnet.operators.banded import Banded


def mask(out: int, in_: int, lower: int, upper: int) -> np.ndarray:
    offset = np.arange(in_)[None, :] - np.floor(np.arange(out)[:, None] * in_ / out)
    return (-lower <= offset) & (offset <= upper)


def matrix(weight: np.ndarray, out: int, in_: int, lower: int, upper: int) -> np.ndarray:
    dense = np.zeros((out, in_), dtype=weight.dtype)
    dense[mask(out, in_, lower, upper)] = weight
    return dense


ERRORS = (
    (lambda: Banded(3, 4, 4, 0), ValueError, "lower must lie between 0 and 3, got 4"),
    (lambda: Banded(3, 4, 0, -1), ValueError, "upper must lie between 0 and 3, got -1"),
    (lambda: Banded(3, 4, 1.5, 0), TypeError, "lower must be an integer"),
    (lambda: Banded(2**30, 2**30, 5, 5), ValueError, "Banded would hold 11811160064 numbers"),
)

SHAPES = (
    (5, 5, 1, 1),
    (6, 6, 0, 2),
    (4, 4, 3, 3),
    (3, 8, 1, 2),
    (8, 3, 1, 0),
    (7, 5, 2, 1),
    (2, 6, 3, 4),
    (1, 1, 0, 0),
)

CASES = [
    Case(
        id="x".join(map(str, a)) + f"-{dtype}",
        build=lambda a=a, dtype=dtype: Banded(*a, dtype=dtype),
        oracle=lambda numbers, a=a: matrix(numbers["weight"], *a),
        trainable=int(mask(*a).sum()) * reals(dtype),
        errors=ERRORS,
    )
    for a in SHAPES
    for dtype in DTYPES
]
