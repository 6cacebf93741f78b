"""Cases of AxisPermutation against numpy.transpose."""

import numpy as np
from tests.contract.case import Case

from prodsumnet.operators import AxisPermutation


def matrix(sizes: tuple[int, ...], order: tuple[int, ...]) -> np.ndarray:
    features = int(np.prod(sizes))
    source = np.arange(features).reshape(sizes).transpose(order).reshape(-1)
    return np.eye(features)[source]


CASES = [
    Case(
        id="x".join(map(str, sizes)) + "-" + "".join(map(str, order)),
        build=lambda sizes=sizes, order=order: AxisPermutation(sizes, order),
        oracle=lambda numbers, sizes=sizes, order=order: matrix(sizes, order),
        trainable=0,
        errors=(
            (lambda: AxisPermutation((2, 3), (0, 0)), ValueError, r"permute the 2 axes.*\(0, 0\)"),
            (lambda: AxisPermutation((2, 3), (1,)), ValueError, "permute the 2 axes"),
            (lambda: AxisPermutation((2, 3), (True, False)), TypeError, "integer, got True"),
            (lambda: AxisPermutation((2, 0), (1, 0)), ValueError, "must lie between 1"),
            (lambda: AxisPermutation(6, (0,)), TypeError, "sizes must be a sequence"),
            (lambda: AxisPermutation((1,) * 99, range(99)), ValueError, "at most 32 axes, got 99"),
            (lambda: AxisPermutation((2**20, 2**20), (1, 0)), ValueError, "1099511627776"),
        ),
    )
    for sizes, order in (
        ((3, 4), (1, 0)),
        ((2, 3, 4), (2, 0, 1)),
        ((2, 3, 1, 2), (3, 1, 0, 2)),
        ((4,), (0,)),
        ((1,), (0,)),
    )
]
