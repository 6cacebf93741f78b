"""Cases of Circulant against scipy.linalg.circulant."""

import scipy.linalg
from tests.contract.case import DTYPES, Case, reals

from prodsumnet.operators import Circulant

CASES = [
    Case(
        id=f"{size}-{dtype}",
        build=lambda size=size, dtype=dtype: Circulant(size, dtype=dtype),
        oracle=lambda numbers: scipy.linalg.circulant(numbers["weight"]),
        trainable=size * reals(dtype),
        errors=((lambda: Circulant(-4), ValueError, "must lie between 1"),),
    )
    for size in (7, 8, 2, 1)
    for dtype in DTYPES
]
