"""Cases of Toeplitz against scipy.linalg.toeplitz."""

import numpy as np
import scipy.linalg
from tests.contract.case import DTYPES, Case, Numbers, reals

from prodsumnet.operators.toeplitz import Toeplitz


def matrix(weight: np.ndarray, out: int, in_: int, lower: int, upper: int) -> np.ndarray:
    """The numbers t_{-upper} ... t_{lower} in their places."""
    t = dict(zip(range(-upper, lower + 1), weight, strict=True))
    column = [t.get(d, 0) for d in range(out)]
    return scipy.linalg.toeplitz(column, [t.get(-d, 0) for d in range(in_)])


def _oracle(numbers: Numbers, out: int, in_: int, lower: int, upper: int) -> np.ndarray:
    return matrix(numbers["weight"], out, in_, lower, upper)


ERRORS = (
    (lambda: Toeplitz(4, 3, 4), ValueError, "lower must lie between -2 and 3, got 4"),
    (lambda: Toeplitz(4, 3, upper=3), ValueError, "upper must lie between -3 and 2, got 3"),
    (lambda: Toeplitz(4, 3, -1, 0), ValueError, "upper must lie between 1 and 2, got 0"),
    (lambda: Toeplitz(4, 3, 1.5), TypeError, "lower must be an integer, got 1.5"),
)

CASES = [
    *(
        Case(
            id=f"{out}x{in_}-{dtype}",
            build=lambda out=out, in_=in_, dtype=dtype: Toeplitz(out, in_, dtype=dtype),
            oracle=lambda numbers, out=out, in_=in_: _oracle(numbers, out, in_, out - 1, in_ - 1),
            trainable=(out + in_ - 1) * reals(dtype),
            errors=ERRORS,
        )
        for out, in_ in ((5, 5), (3, 7), (6, 2))
        for dtype in DTYPES
    ),
    *(
        Case(
            id=f"{a}-{dtype}",
            build=lambda a=a, dtype=dtype: Toeplitz(*a, dtype=dtype),
            oracle=lambda numbers, a=a: _oracle(numbers, *a),
            trainable=(a[2] + a[3] + 1) * reals(dtype),
        )
        for a, dtype in zip(
            ((5, 6, 1, 2), (7, 4, 5, -2), (3, 8, -1, 6), (1, 1, 0, 0)), DTYPES * 2, strict=True
        )
    ),
]
