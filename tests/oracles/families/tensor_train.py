"""Cases of the tensor-train family against tensorly."""

import math

import numpy as np
import torch
from tensorly.tt_matrix import tt_matrix_to_matrix
from tests.contract.case import Case, Numbers

from prodsumnet import families

Pairs = tuple[tuple[int, int], ...]


def _build(*arguments: object, **options: object):
    return families.build("tensor-train", *arguments, dtype=torch.float64, **options)


def matrix(numbers: Numbers, out: int, in_: int, pairs: Pairs) -> np.ndarray:
    """The first core is applied first, and so is the last of the factors."""
    cores, left = [], 1
    for weight, (m, n) in zip(reversed(numbers.values()), pairs, strict=True):
        cores.append(weight.reshape(m, -1, left, n).transpose(2, 0, 3, 1))
        left = cores[-1].shape[3]
    rows = math.prod(m for m, _ in pairs)
    return np.asarray(tt_matrix_to_matrix(cores)).reshape(rows, -1)[:out, :in_]


ERRORS = (
    (lambda: _build(8, 8, 9), ValueError, "'tensor-train' at 8×8 needs a budget of at least 12"),
    (lambda: _build(6, 8, 90, out_sizes=(2, 2)), ValueError, r"product of out_sizes must be 6"),
    (lambda: _build(6, 8, 90, in_sizes=3), TypeError, "in_sizes must be a sequence of integers"),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget), options=options: _build(*a, **options),
        oracle=lambda numbers, a=(out, in_, pairs): matrix(numbers, *a),
        trainable=trainable,
        linear=len(pairs) == 1,
        errors=ERRORS,
    )
    for out, in_, budget, pairs, options, trainable in (
        (8, 8, 40, ((2, 2), (2, 2), (2, 2)), {}, 32),
        (13, 11, 60, ((4, 2), (2, 2), (2, 3)), {}, 60),
        (4, 12, 1000, ((2, 2), (2, 2), (1, 3)), {}, 73),
        (8, 12, 60, ((8, 3), (1, 2), (1, 2)), {"out_sizes": (8,), "in_sizes": [3, 2, 2]}, 60),
        (6, 4, 30, ((3, 4), (2, 1)), {"out_sizes": (3, 2), "in_sizes": (4,)}, 28),
        (1, 1, 5, ((1, 1),), {}, 1),
    )
]
