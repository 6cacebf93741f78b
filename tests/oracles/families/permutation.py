"""Cases of the permutation family: rows of the identity in the reference Philox's order."""

import numpy as np
import torch
from tests.contract import philox
from tests.contract.case import Case, Numbers

from prodsumnet import families


def spread(out: int, in_: int, seed: int) -> np.ndarray:
    """Balanced hashing with signs between different sizes, the identity between equal ones."""
    if out == in_:
        return np.eye(out)
    if out < in_:
        return spread(in_, out, seed).T
    chosen = np.array(philox.permutation(seed, out)) % in_
    return np.eye(in_)[chosen] * philox.signs(seed, out)[:, None]


def matrix(numbers: Numbers, out: int, in_: int, seed: int) -> np.ndarray:
    (theta,) = numbers["weight"]
    fixed = spread(out, in_, seed)
    return theta * (np.eye(out)[philox.permutation(seed, out)] if out == in_ else fixed)


def _build(*arguments: object, **options: object):
    return families.build("permutation", *arguments, dtype=torch.float64, **options)


ERRORS = (
    (lambda: _build(4, 6, 0), ValueError, "budget must lie between 1"),
    (lambda: _build(4, 6, 3, order=(0, 1)), TypeError, "takes no options, got 'order'"),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget, seed): _build(*a),
        oracle=lambda numbers, a=(out, in_, seed): matrix(numbers, *a),
        trainable=1,
        errors=ERRORS,
    )
    for out, in_, budget, seed in ((6, 6, 8, 0), (4, 9, 6, 3), (7, 3, 1, 5), (1, 1, 1, 0))
]
