"""Cases of DCT against scipy.fft."""

import numpy as np
import scipy.fft
from tests.contract.case import Case

from prodsumnet.operators import DCT


def matrix(size: int) -> np.ndarray:
    return scipy.fft.dct(np.eye(size), norm="ortho", axis=0)


CASES = [
    Case(
        id=str(size),
        build=lambda size=size: DCT(size),
        oracle=lambda numbers, size=size: matrix(size),
        trainable=0,
        errors=((lambda: DCT("8"), TypeError, "must be an integer, got '8'"),),
    )
    for size in (1, 2, 7, 8, 12)
]
