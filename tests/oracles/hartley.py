"""Cases of Hartley against cosines and sines in numpy."""

import numpy as np
from tests.contract.case import Case

from prodsumnet.operators import Hartley


def matrix(size: int) -> np.ndarray:
    angle = 2 * np.pi / size * np.outer(np.arange(size), np.arange(size))
    return (np.cos(angle) + np.sin(angle)) / np.sqrt(size)


CASES = [
    Case(
        id=str(size),
        build=lambda size=size: Hartley(size),
        oracle=lambda numbers, size=size: matrix(size),
        trainable=0,
        errors=((lambda: Hartley("8"), TypeError, "must be an integer, got '8'"),),
    )
    for size in (1, 2, 7, 8, 12)
]
