"""Cases of the CP family against tensorly."""

import math

import numpy as np
import tensorly
import torch
from tests.contract.case import Case, Numbers

from prodsumnet import families


def _build(*arguments: object, **options: object):
    return families.build("cp", *arguments, dtype=torch.float64, **options)


def matrix(numbers: Numbers, out: int, in_: int, rows: tuple[int, ...]) -> np.ndarray:
    vectors = [weight.T for weight in numbers.values()]
    tensor = tensorly.cp_to_tensor((np.ones(vectors[0].shape[1]), vectors))
    return tensor.reshape(math.prod(rows), -1)[:out, :in_]


ERRORS = (
    (lambda: _build(6, 8, 9), ValueError, "'cp' at 6×8 needs a budget of at least 11, got 9"),
    (lambda: _build(6, 8, 90, out_sizes=(2, 2)), ValueError, r"product of out_sizes must be 6"),
    (lambda: _build(6, 8, 90, in_sizes=()), ValueError, r"product of in_sizes must be 8, got \(\)"),
    (lambda: _build(6, 8, 90, in_sizes=8), TypeError, "in_sizes must be a sequence of integers"),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget), options=options: _build(*a, **options),
        oracle=lambda numbers, a=(out, in_, rows): matrix(numbers, *a),
        trainable=trainable,
        linear=False,
        errors=ERRORS,
    )
    for out, in_, budget, rows, options, trainable in (
        (6, 6, 25, (2, 3), {}, 20),
        (4, 12, 1000, (2, 2), {}, 66),
        (13, 11, 34, (3, 5), {}, 30),
        (4, 12, 40, (4,), {"out_sizes": (4,), "in_sizes": [3, 2, 2]}, 33),
        (1, 1, 5, (1,), {}, 2),
    )
]
