"""Cases of the hankel family against scipy.linalg.hankel."""

import numpy as np
import scipy.linalg
import torch
from tests.contract import philox
from tests.contract.case import Case, Numbers

from prodsumnet import families


def _build(*arguments: object, **options: object):
    return families.build("hankel", *arguments, dtype=torch.float64, **options)


def full(h: np.ndarray, out: int) -> np.ndarray:
    """The numbers h_0 ... h_{out+in-2} in their places."""
    return scipy.linalg.hankel(h[:out], h[out - 1 :])


def longest(out: int, in_: int, count: int) -> np.ndarray:
    """Which neighbouring antidiagonals have most entries in all."""
    sums = np.add.outer(np.arange(out), np.arange(in_))
    lengths = np.bincount(sums.ravel())
    entries = np.array([sum(lengths[s : s + count]) for s in range(out + in_ - count)])
    # Of equals the one in the middle.
    (best,) = np.nonzero(entries == entries.max())
    return best[(len(best) - 1) // 2] + np.arange(count)


def matrix(numbers: Numbers, out: int, in_: int, budget: int, seed: int) -> np.ndarray:
    size = out + in_ - 1
    terms, rest = divmod(min(budget, out * in_), size)
    given = list(numbers.values())
    found = np.zeros((out, in_))
    if terms:
        found += full(given.pop(0), out)
    if terms > 1:
        # A circulant matrix from the bottom up: row 0 is its row out - 1.
        rows = (out - 1 - np.add.outer(np.arange(out), np.arange(in_))) % size
        for column, signs in zip(given.pop(0)[0], philox.signs(seed, terms - 1, in_), strict=True):
            found += column[rows] * signs
    if rest:
        band = np.zeros(size)
        band[longest(out, in_, rest)] = given.pop(0)
        found += full(band, out) * (philox.signs(seed + 1, in_) if terms else 1)
    return found


ERRORS = ((lambda: _build(4, 6, 9, size=2), TypeError, "takes no options, got 'size'"),)

CASES = [
    Case(
        id=f"{a[0]}x{a[1]}-{a[2]}",
        build=lambda a=a: _build(*a),
        oracle=lambda numbers, a=a: matrix(numbers, *a),
        trainable=min(a[2], a[0] * a[1]),
        errors=ERRORS,
    )
    for a in (
        (5, 5, 5, 0),
        (6, 6, 11, 0),
        (3, 8, 6, 0),
        (7, 2, 3, 1),
        (5, 6, 13, 2),
        (6, 4, 18, 3),
        (4, 5, 100, 1),
        (1, 1, 1, 0),
    )
]
