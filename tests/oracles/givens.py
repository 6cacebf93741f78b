"""Cases of Givens: plane by plane, the matrix exponential of scipy."""

import numpy as np
import scipy.linalg
from tests.contract import philox
from tests.contract.case import DTYPES, Case, reals

from prodsumnet.operators.givens import Givens


def pairs(size: int, stride: int | None, seed: int) -> list[tuple[int, int]]:
    if stride is None:
        order = philox.permutation(seed, size)
        return list(zip(order[0::2], order[1::2], strict=False))
    return [(i, i + stride) for i in range(size - stride) if i // stride % 2 == 0]


def matrix(angles: np.ndarray, size: int, stride: int | None, seed: int) -> np.ndarray:
    generator = np.zeros((size, size), dtype=angles.dtype)
    for angle, (i, j) in zip(angles, pairs(size, stride, seed), strict=False):
        generator[i, j], generator[j, i] = -angle, angle.conj()
    return scipy.linalg.expm(generator)


ERRORS = (
    (lambda: Givens(1), ValueError, "size must lie between 2"),
    (lambda: Givens(4, stride=4), ValueError, "stride must lie between 1 and 3, got 4"),
    (lambda: Givens(4, seed=-1), ValueError, "seed must lie between 0"),
    (lambda: Givens(5, num_pairs=3), ValueError, "num_pairs must lie between 1 and 2, got 3"),
    (lambda: Givens(7, stride=4, num_pairs=4), ValueError, "num_pairs must lie between 1 and 3"),
    (lambda: Givens(4, stride=1.5), TypeError, "stride must be an integer"),
)

CASES = [
    Case(
        id=f"{size}-{stride}-{seed}-{count}-{dtype}",
        build=lambda a=(size, stride, seed, count), dtype=dtype: Givens(*a, dtype=dtype),
        oracle=lambda numbers, a=(size, stride, seed): matrix(numbers["angles"], *a),
        trainable=(count or len(pairs(size, stride, seed))) * reals(dtype),
        linear=False,
        reaches_gain=False,
        errors=ERRORS,
    )
    for size, stride, seed, count in (
        (8, 2, 0, None),
        (7, 1, 0, None),
        (7, 4, 0, 2),
        (6, None, 3, None),
        (5, None, 2**40 + 1, 1),
        (2, 1, 0, None),
    )
    for dtype in DTYPES
]
