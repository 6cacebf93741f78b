"""Cases of the block-circulant family: a grid of scipy.linalg.circulant, cut to size."""

import numpy as np
import scipy.linalg
import torch
from tests.contract.case import Case, Numbers

from prodsumnet import families


def _build(*arguments: object, **options: object):
    return families.build("block-circulant", *arguments, dtype=torch.float64, **options)


def matrix(numbers: Numbers, out: int, in_: int) -> np.ndarray:
    (weight,) = numbers.values()
    blocks = [[scipy.linalg.circulant(column) for column in row] for row in weight]
    return np.block(blocks)[:out, :in_]


ERRORS = (
    (lambda: _build(4, 6, 5), ValueError, "needs a budget of at least 6, got 5"),
    (lambda: _build(4, 6, 9, block_size=2), ValueError, "needs a budget of at least 12, got 9"),
    (lambda: _build(4, 6, 9, block_size=7), ValueError, "block_size must lie between 1 and 6"),
    (lambda: _build(4, 6, 9, block_size="2"), TypeError, "block_size must be an integer, got '2'"),
    (lambda: _build(4, 4, 99, block_size=3), ValueError, "block_size 3 at 4×4 leaves numbers"),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget), options=options: _build(*a, **options),
        oracle=lambda numbers, out=out, in_=in_: matrix(numbers, out, in_),
        trainable=trainable,
        errors=ERRORS,
    )
    for out, in_, budget, trainable, options in (
        (8, 8, 33, 32, {}),
        (8, 8, 40, 16, {"block_size": 4}),
        (4, 10, 21, 20, {}),
        (9, 5, 24, 18, {}),
        (5, 7, 15, 10, {}),
        (3, 4, 1000, 12, {}),
        (1, 1, 1, 1, {}),
    )
]
