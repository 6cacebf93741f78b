"""Cases of the toeplitz family against scipy.linalg.toeplitz."""

import numpy as np
import scipy.linalg
import torch
from tests.contract import philox
from tests.contract.case import Case, Numbers

from prodsumnet import families


def _build(*arguments: object, **options: object):
    return families.build("toeplitz", *arguments, dtype=torch.float64, **options)


def full(t: np.ndarray, out: int, in_: int) -> np.ndarray:
    """The numbers t_{1-in} ... t_{out-1} in their places."""
    return scipy.linalg.toeplitz(t[in_ - 1 :], t[in_ - 1 :: -1])


def longest(out: int, in_: int, count: int) -> np.ndarray:
    """Where among all diagonals the neighbouring ones are that have most entries in all."""
    lengths = [np.eye(out, in_, -d).sum() for d in range(1 - in_, out)]
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
        found += full(given.pop(0), out, in_)
    if terms > 1:
        shifts = np.arange(1 - in_, out)
        for column, signs in zip(given.pop(0)[0], philox.signs(seed, terms - 1, in_), strict=True):
            found += full(column[shifts % size], out, in_) * signs
    if rest:
        band = np.zeros(size)
        band[longest(out, in_, rest)] = given.pop(0)
        signs = philox.signs(seed + 1, in_) if terms else np.ones(in_)
        found += full(band, out, in_) * signs
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
        (5, 5, 1, 0),
        (5, 5, 5, 0),
        (6, 6, 11, 0),
        (3, 8, 7, 0),
        (7, 2, 3, 1),
        (5, 6, 13, 2),
        (6, 4, 18, 3),
        (4, 5, 100, 1),
        (1, 1, 1, 0),
    )
]
