"""Cases of the Tucker family against tensorly."""

import math

import numpy as np
import tensorly
import torch
from tests.contract.case import Case, Numbers

from prodsumnet import families


def _build(*arguments: object, **options: object):
    return families.build("tucker", *arguments, dtype=torch.float64, **options)


def matrix(
    numbers: Numbers, out: int, in_: int, rows: tuple[int, ...], sizes: tuple[int, ...], *ranks: int
) -> np.ndarray:
    """Weights are the matrices of the rows, the core, the matrices of the columns."""
    weights = list(numbers.values())
    before = sum(r < s for s, r in zip(rows, ranks, strict=False))
    core = weights.pop(before).reshape(ranks)
    matrices = [weights.pop(0).T if r < s else np.eye(s) for s, r in zip(sizes, ranks, strict=True)]
    tensor = tensorly.tucker_to_tensor((core, matrices))
    return tensor.reshape(math.prod(rows), -1)[:out, :in_]


ERRORS = (
    (lambda: _build(6, 8, 9), ValueError, "'tucker' at 6×8 needs a budget of at least 12, got 9"),
    (lambda: _build(6, 8, 90, out_sizes=(2, 2)), ValueError, r"product of out_sizes must be 6"),
    (lambda: _build(6, 8, 90, in_sizes="8"), TypeError, "in_sizes must be a sequence of integers"),
)

CONVOLUTION = {"out_sizes": (8,), "in_sizes": [4, 2, 2]}

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget), options=options: _build(*a, **options),
        oracle=lambda numbers, a=(out, in_, rows, rows + columns, *ranks): matrix(numbers, *a),
        trainable=trainable,
        linear=ranks == rows + columns,
        errors=ERRORS,
    )
    for out, in_, budget, rows, columns, ranks, options, trainable in (
        (6, 6, 16, (6,), (2, 3), (6, 1, 1), {}, 11),
        (4, 12, 31, (4,), (3, 4), (4, 2, 2), {}, 30),
        (13, 11, 40, (3, 5), (3, 4), (3, 2, 3, 1), {}, 32),
        (13, 11, 130, (3, 5), (11,), (3, 3, 11), {}, 114),
        (8, 16, 70, (8,), (4, 2, 2), (3, 2, 2, 2), CONVOLUTION, 56),
        (3, 4, 12, (3,), (4,), (3, 4), {}, 12),
        (1, 1, 1, (1,), (1,), (1, 1), {}, 1),
    )
]
