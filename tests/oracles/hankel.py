"""Cases of Hankel against scipy.linalg.hankel."""

import numpy as np
import scipy.linalg
from tests.contract.case import DTYPES, Case, reals

from prodsumnet.operators.hankel import Hankel


def matrix(weight: np.ndarray, out: int, in_: int, first: int) -> np.ndarray:
    """The numbers h_first ... in their places."""
    h = np.zeros(out + in_ - 1, dtype=weight.dtype)
    h[first : first + len(weight)] = weight
    return scipy.linalg.hankel(h[:out], h[out - 1 :])


ERRORS = (
    (lambda: Hankel(4, 3, 6), ValueError, "first must lie between 0 and 5, got 6"),
    (lambda: Hankel(4, 3, 3, 2), ValueError, "last must lie between 3 and 5, got 2"),
    (lambda: Hankel(4, 3, last="2"), TypeError, "last must be an integer, got '2'"),
)

CASES = [
    *(
        Case(
            id=f"{out}x{in_}-{dtype}",
            build=lambda out=out, in_=in_, dtype=dtype: Hankel(out, in_, dtype=dtype),
            oracle=lambda numbers, out=out, in_=in_: matrix(numbers["weight"], out, in_, 0),
            trainable=(out + in_ - 1) * reals(dtype),
            errors=ERRORS,
        )
        for out, in_ in ((5, 5), (3, 7), (6, 2))
        for dtype in DTYPES
    ),
    *(
        Case(
            id=f"{a}-{dtype}",
            build=lambda a=a, dtype=dtype: Hankel(*a, dtype=dtype),
            oracle=lambda numbers, a=a: matrix(numbers["weight"], *a[:3]),
            trainable=(a[3] - a[2] + 1) * reals(dtype),
        )
        for a, dtype in zip(
            ((5, 6, 1, 4), (7, 4, 0, 5), (3, 8, 9, 9), (1, 1, 0, 0)), DTYPES * 2, strict=True
        )
    ),
]
