"""Cases of Phases against exponentials by numpy."""

import numpy as np
from tests.contract.case import DTYPES, Case, reals

from prodsumnet.operators.phases import Phases


def matrix(phases: np.ndarray, size: int) -> np.ndarray:
    runs = [feature * len(phases) // size for feature in range(size)]
    return np.diag(np.exp(1j * phases[runs]))


ERRORS = (
    (lambda: Phases(0), ValueError, "must lie between 1"),
    (lambda: Phases(4, 5), ValueError, "num_phases must lie between 1 and 4, got 5"),
    (lambda: Phases(4, 2.0), TypeError, "num_phases must be an integer"),
)

CASES = [
    Case(
        id=f"{size}-{count}-{dtype}",
        build=lambda size=size, count=count, dtype=dtype: Phases(size, count, dtype=dtype),
        oracle=lambda numbers, size=size: matrix(numbers["phases"], size),
        trainable=(count or size) * reals(dtype),
        errors=ERRORS,
        linear=False,
        reaches_gain=dtype.is_complex,
    )
    for size, count in ((5, None), (7, 3), (6, 2), (1, None), (4, 1))
    for dtype in DTYPES
]
