"""Cases of sums of Kronecker products against sums of numpy.kron."""

import numpy as np
import torch
from tests.contract.case import Case, Numbers

from prodsumnet import families


def _build(*arguments: object, **options: object):
    return families.build("kronecker-sum", *arguments, dtype=torch.float64, **options)


def matrix(numbers: Numbers, out: int, in_: int, terms: int) -> np.ndarray:
    left, right = numbers.values()
    pairs = zip(np.split(left, terms, axis=1), np.split(right, terms, axis=0), strict=True)
    return sum(np.kron(a, b) for a, b in pairs)[:out, :in_]


ERRORS = (
    (
        lambda: _build(6, 6, 8),
        ValueError,
        "'kronecker-sum' at 6×6 needs a budget of at least 12, got 8",
    ),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget): _build(*a),
        oracle=lambda numbers, a=(out, in_, terms): matrix(numbers, *a),
        trainable=trainable,
        linear=False,
        errors=ERRORS,
    )
    for out, in_, budget, terms, trainable in (
        (6, 6, 40, 3, 36),
        (5, 9, 30, 2, 30),
        (13, 11, 60, 2, 58),
        (3, 4, 1000, 1, 11),
        (1, 1, 2, 1, 2),
    )
]
