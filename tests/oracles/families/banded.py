"""Cases of the banded family: the band by its definition, entry by entry."""

import numpy as np
import torch
from tests.contract.case import Case, Numbers

from prodsumnet import families


def matrix(numbers: Numbers, out: int, in_: int, lower: int, upper: int) -> np.ndarray:
    (weight,) = numbers.values()
    offset = np.arange(in_)[None, :] - np.floor(np.arange(out)[:, None] * in_ / out)
    dense = np.zeros((out, in_))
    dense[(-lower <= offset) & (offset <= upper)] = weight
    return dense


def _build(*arguments: object, **options: object):
    return families.build("banded", *arguments, dtype=torch.float64, **options)


ERRORS = (
    (lambda: _build(6, 4, 5), ValueError, "'banded' at 6×4 needs a budget of at least 6, got 5"),
    (lambda: _build(4, 4, 5, lower=2), TypeError, "takes no options, got 'lower'"),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget): _build(*a),
        oracle=lambda numbers, a=(out, in_, *band): matrix(numbers, *a),
        trainable=trainable,
        errors=ERRORS,
    )
    for out, in_, budget, band, trainable in (
        (6, 6, 17, (1, 1), 16),
        (6, 6, 19, (1, 1), 16),
        (6, 6, 21, (1, 2), 20),
        (5, 5, 99, (4, 4), 25),
        (3, 9, 10, (0, 2), 9),
        (3, 9, 18, (2, 4), 17),
        (8, 3, 15, (0, 1), 14),
        (7, 5, 7, (0, 0), 7),
        (1, 1, 1, (0, 0), 1),
    )
]
