"""Cases of the Kronecker family against numpy.kron."""

import functools

import numpy as np
import torch
from tests.contract.case import Case, Numbers

from prodsumnet import families


def _build(*arguments: object, **options: object):
    return families.build("kronecker", *arguments, dtype=torch.float64, **options)


def matrix(numbers: Numbers, out: int, in_: int, count: int) -> np.ndarray:
    assert len(numbers) == count
    return functools.reduce(np.kron, numbers.values())[:out, :in_]


ERRORS = (
    (
        lambda: _build(6, 6, 8),
        ValueError,
        "'kronecker' at 6×6 needs a budget of at least 11, got 8",
    ),
    (lambda: _build(6, 6, 30, terms=2), TypeError, "takes no options, got 'terms'"),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget): _build(*a),
        oracle=lambda numbers, a=(out, in_, factors): matrix(numbers, *a),
        trainable=trainable,
        linear=factors == 1,
        errors=ERRORS,
    )
    for out, in_, budget, factors, trainable in (
        (6, 6, 14, 2, 13),
        (5, 7, 20, 2, 18),
        (11, 13, 24, 3, 24),
        (16, 16, 20, 3, 20),
        (16, 3, 16, 2, 16),
        (4, 5, 100, 1, 20),
        (1, 1, 1, 1, 1),
    )
]
