"""Cases of Permutation: rows of the identity, random ones by the reference Philox."""

import numpy as np
from tests.contract import philox
from tests.contract.case import Case

from prodsumnet.operators import Permutation


def matrix(size: int, seed: int) -> np.ndarray:
    return np.eye(size)[philox.permutation(seed, size)]


ERRORS = (
    (lambda: Permutation(3, order=(0, 1)), ValueError, r"permutation of 0 \.\.\. 2"),
    (lambda: Permutation(3, order=(0, 1, 1)), ValueError, r"permutation of 0 \.\.\. 2"),
    (lambda: Permutation(2, order=(True, False)), TypeError, "must be an integer, got True"),
    (lambda: Permutation(2, order=(0.0, 1.0)), TypeError, r"must be an integer, got 0\.0"),
    (lambda: Permutation(2, order=5), TypeError, "order must be a sequence"),
    (lambda: Permutation(2**31 - 1, order=(0,)), ValueError, "permutation of 0"),
)

CASES = [
    *(
        Case(
            id=f"{size}-{seed}",
            build=lambda size=size, seed=seed: Permutation(size, seed=seed),
            oracle=lambda numbers, size=size, seed=seed: matrix(size, seed),
            trainable=0,
            errors=ERRORS,
        )
        for size, seed in ((9, 4), (6, 0), (1, 3))
    ),
    Case(
        id="given",
        build=lambda: Permutation(5, order=np.array([3, 0, 4, 1, 2])),
        oracle=lambda numbers: np.eye(5)[[3, 0, 4, 1, 2]],
        trainable=0,
    ),
]
