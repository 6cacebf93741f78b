"""Cases of the t-product: the block-circulant matrix bcirc(A), written by hand."""

import numpy as np
import torch
from tests.contract.case import Case, Numbers

from prodsumnet import families


def _build(*arguments: object, **options: object):
    return families.build("t-product", *arguments, dtype=torch.float64, **options)


def matrix(numbers: Numbers, out: int, in_: int) -> np.ndarray:
    (tensor,) = numbers.values()
    tubes = tensor.shape[2]
    bcirc = np.block([[tensor[:, :, (i - j) % tubes] for j in range(tubes)] for i in range(tubes)])
    return bcirc[:out, :in_]


ERRORS = (
    (lambda: _build(4, 6, 5), ValueError, "'t-product' at 4×6 needs a budget of at least 6, got 5"),
    (lambda: _build(4, 6, 99, tubes=0), ValueError, "tubes must lie between 1 and 6, got 0"),
    (lambda: _build(4, 6, 99, tubes="2"), TypeError, "tubes must be an integer"),
    (lambda: _build(3, 16, 99, tubes=15), ValueError, "tubes of length 15 leave numbers unseen"),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget), options=options: _build(*a, **options),
        oracle=lambda numbers, a=(out, in_): matrix(numbers, *a),
        trainable=trainable,
        errors=ERRORS,
    )
    for out, in_, budget, options, trainable in (
        (6, 6, 20, {}, 20),
        (4, 12, 30, {"tubes": 2}, 24),
        (13, 11, 40, {}, 40),
        (7, 3, 7, {}, 7),
        (1, 1, 1, {}, 1),
    )
]
