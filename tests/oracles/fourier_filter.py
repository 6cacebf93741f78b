"""Cases of FourierFilter: circular convolution with the Hartley transform of the numbers."""

import itertools

import numpy as np
from tests.contract.case import DTYPES, Case, reals

from prodsumnet.operators.fourier_filter import FourierFilter


def lowest(sizes: tuple[int, ...], count: int) -> list[tuple[int, ...]]:
    """The lowest frequencies, in row-major order."""
    every = list(itertools.product(*map(range, sizes)))
    by_norm = sorted(
        every, key=lambda k: sum(min(a, n - a) ** 2 for a, n in zip(k, sizes, strict=True))
    )
    return sorted(by_norm[:count])


def kernel(sizes: tuple[int, ...], weight: np.ndarray) -> np.ndarray:
    """The kernel: a sum of cos + sin."""
    position = np.indices(sizes)
    found = np.zeros(sizes, dtype=weight.dtype)
    for k, h in zip(lowest(sizes, len(weight)), weight, strict=True):
        angle = 2 * np.pi * sum(a * p / n for a, p, n in zip(k, position, sizes, strict=True))
        found += h * (np.cos(angle) + np.sin(angle)) / np.prod(sizes)
    return found


def matrix(sizes: tuple[int, ...], weight: np.ndarray) -> np.ndarray:
    """Every column is a shifted kernel."""
    columns = [
        [np.roll(kernel(sizes, h), shift, range(len(sizes))).ravel() for h in weight]
        for shift in itertools.product(*map(range, sizes))
    ]
    return np.array(columns).reshape(len(columns), -1).T


ERRORS = (
    (lambda: FourierFilter(()), ValueError, "sizes must have 1 to 8 axes, got 0"),
    (lambda: FourierFilter((1,) * 9), ValueError, "sizes must have 1 to 8 axes, got 9"),
    (lambda: FourierFilter((3, 0)), ValueError, "sizes must lie between 1"),
    (lambda: FourierFilter(3), TypeError, "sizes must be a sequence of integers, got 3"),
    (lambda: FourierFilter((2**20, 2**20)), ValueError, "the product of sizes must lie between"),
    (lambda: FourierFilter((2, 3), 7), ValueError, "num_frequencies must lie between 1 and 6"),
    (lambda: FourierFilter((2, 3), 2, 0), ValueError, "num_filters must lie between 1"),
)

CASES = [
    Case(
        id=f"{sizes}-{frequencies}-{filters}-{dtype}",
        build=lambda a=(sizes, frequencies, filters), dtype=dtype: FourierFilter(*a, dtype=dtype),
        oracle=lambda numbers, sizes=sizes: matrix(sizes, numbers["weight"]),
        trainable=(frequencies or int(np.prod(sizes))) * filters * reals(dtype),
        errors=ERRORS,
    )
    for sizes, frequencies, filters in (
        ((7,), None, 1),
        ((8,), 4, 2),
        ((3, 4), None, 1),
        ((4, 3), 6, 1),
        ((2, 2, 3), 9, 1),
        ((1,), None, 1),
    )
    for dtype in DTYPES
]
