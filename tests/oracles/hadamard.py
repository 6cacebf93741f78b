"""Cases of Hadamard against scipy.linalg.hadamard."""

import numpy as np
import scipy.linalg
from tests.contract.case import Case

from prodsumnet.operators import Hadamard


def matrix(size: int) -> np.ndarray:
    return scipy.linalg.hadamard(size) / np.sqrt(size)


CASES = [
    Case(
        id=str(size),
        build=lambda size=size: Hadamard(size),
        oracle=lambda numbers, size=size: matrix(size),
        trainable=0,
        errors=((lambda: Hadamard(12), ValueError, "power of two, got size 12; pad to 16"),),
    )
    for size in (1, 2, 16)
]
