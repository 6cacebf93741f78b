"""Cases of Tridiagonal against matrices filled entry by entry."""

import numpy as np
from tests.contract.case import DTYPES, Case, reals

from prodsumnet.operators.tridiagonal import Tridiagonal


def entries(size: int, corners: bool, subdiagonal_only: bool) -> list[tuple[int, int]]:
    """Positions in the order of the numbers, each at its first mention outside the corners."""
    inner = {d: [(i, i + d) for i in range(size) if 0 <= i + d < size] for d in (-1, 0, 1)}
    if subdiagonal_only:
        inner = {-1: inner[-1]}
    taken = {position for diagonal in inner.values() for position in diagonal}
    if corners:
        if (0, size - 1) not in taken:
            inner[-1].insert(0, (0, size - 1))
        if not subdiagonal_only and (size - 1, 0) not in taken:
            inner[1].append((size - 1, 0))
    return [position for diagonal in inner.values() for position in diagonal]


def matrix(weight: np.ndarray, size: int, corners: bool, subdiagonal_only: bool) -> np.ndarray:
    filled = np.zeros((size, size), dtype=weight.dtype)
    for (i, j), number in zip(entries(size, corners, subdiagonal_only), weight, strict=True):
        assert filled[i, j] == 0
        filled[i, j] = number
    return filled


ERRORS = (
    (lambda: Tridiagonal(0), ValueError, "must lie between 1"),
    (lambda: Tridiagonal(4, corners=1), TypeError, "corners must be true or false, got 1"),
    (lambda: Tridiagonal(4, near_shift=2), ValueError, "near_shift must lie between -1 and 1"),
    (lambda: Tridiagonal(1, False, True), ValueError, "needs at least two features, got 1"),
)

CASES = [
    Case(
        id=f"{size}-{corners}-{alone}-{shift}-{dtype}",
        build=lambda a=(size, corners, alone, shift), dtype=dtype: Tridiagonal(*a, dtype=dtype),
        oracle=lambda numbers, a=(size, corners, alone): matrix(numbers["weight"], *a),
        trainable=trainable * reals(dtype),
        errors=ERRORS,
    )
    for size, corners, alone, shift, trainable in (
        (6, True, False, 0, 18),
        (5, False, False, 1, 13),
        (5, True, True, -1, 5),
        (4, False, True, 0, 3),
        (3, True, False, -1, 9),
        (2, True, False, -1, 4),
        (2, False, False, 0, 4),
        (2, True, True, 1, 2),
        (2, False, True, 1, 1),
        (1, True, False, 1, 1),
        (1, False, False, 0, 1),
        (1, True, True, -1, 1),
    )
    for dtype in (DTYPES if size > 4 else DTYPES[:1])
]
