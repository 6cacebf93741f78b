"""Cases of Haar against the matrix built level by level from Kronecker products in numpy."""

import numpy as np
from tests.contract.case import Case

from prodsumnet.operators import Haar


def matrix(size: int) -> np.ndarray:
    if size % 2:
        return np.eye(size)
    half = size // 2
    averages = np.kron(np.eye(half), [[1.0, 1.0]]) / np.sqrt(2)
    details = np.kron(np.eye(half), [[1.0, -1.0]]) / np.sqrt(2)
    return np.vstack((matrix(half) @ averages, details))


CASES = [
    Case(
        id=str(size),
        build=lambda size=size: Haar(size),
        oracle=lambda numbers, size=size: matrix(size),
        trainable=0,
        errors=((lambda: Haar("8"), TypeError, "must be an integer, got '8'"),),
    )
    for size in (1, 2, 7, 8, 12)
]
