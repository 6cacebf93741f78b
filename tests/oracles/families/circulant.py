"""Cases of the circulant family against scipy.linalg.circulant."""

import numpy as np
import scipy.linalg
import torch
from tests.contract import philox
from tests.contract.case import Case, Numbers

from prodsumnet import families


def _build(*arguments: object, **options: object):
    return families.build("circulant", *arguments, dtype=torch.float64, **options)


def matrix(numbers: Numbers, out: int, in_: int, seed: int) -> np.ndarray:
    size = max(out, in_)
    (weight,) = numbers.values()
    columns = weight.reshape(-1, size)
    signs = philox.signs(seed, len(columns), size)
    terms = [scipy.linalg.circulant(c) * s for c, s in zip(columns, signs, strict=True)]
    return sum(terms)[:out, :in_]


ERRORS = (
    (lambda: _build(4, 6, 5), ValueError, "'circulant' at 4×6 needs a budget of at least 6, got 5"),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget, seed): _build(*a),
        oracle=lambda numbers, a=(out, in_, seed): matrix(numbers, *a),
        trainable=trainable,
        errors=ERRORS,
    )
    for out, in_, budget, seed, trainable in (
        (6, 6, 8, 0, 6),
        (4, 6, 6, 3, 6),
        (7, 3, 9, 5, 7),
        (1, 1, 1, 0, 1),
        (5, 5, 17, 2, 15),
        (3, 7, 1000, 4, 21),
        (8, 4, 16, 1, 16),
    )
]
