"""Cases of Diagonal against numpy."""

import numpy as np
from tests.contract.case import DTYPES, Case, reals

from prodsumnet.operators import Diagonal

CASES = [
    Case(
        id=f"{size}-{dtype}",
        build=lambda size=size, dtype=dtype: Diagonal(size, dtype=dtype),
        oracle=lambda numbers: np.diag(numbers["weight"]),
        trainable=size * reals(dtype),
        errors=((lambda: Diagonal(0), ValueError, "must lie between 1"),),
    )
    for size in (6, 1)
    for dtype in DTYPES
]
