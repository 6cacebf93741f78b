"""Cases of the fourier family against circular convolution by numpy."""

import numpy as np
import torch
from tests.contract import philox
from tests.contract.case import Case, Numbers
from tests.oracles import fourier_filter

from prodsumnet import families


def _build(*arguments: object, **options: object):
    return families.build("fourier", *arguments, dtype=torch.float64, **options)


def combine(filters: list[np.ndarray], terms: int, out: int, in_: int, seed: int) -> np.ndarray:
    """Filters, the first as it is, further whole ones and the last one with random signs."""
    outputs = -(-out // in_) * in_
    found = np.zeros((outputs, in_), dtype=filters[0].dtype)
    if terms:
        found += filters.pop(0)
    if terms > 1:
        stacked = filters.pop(0).reshape(terms - 1, outputs, in_)
        found += (philox.signs(seed, terms - 1, outputs)[:, :, None] * stacked).sum(0)
    for last in filters:
        found += last * (philox.signs(seed + 1, outputs)[:, None] if terms else 1)
    return found[[i * outputs // out for i in range(out)]]


def matrix(numbers: Numbers, sizes: tuple[int, ...], out: int, in_: int, seed: int) -> np.ndarray:
    terms = sum(w.size for w in numbers.values()) // (-(-out // in_) * in_)
    filters = [fourier_filter.matrix(sizes, weight) for weight in numbers.values()]
    return combine(filters, terms, out, in_, seed)


ERRORS = (
    (lambda: _build(9, 4, 2), ValueError, "needs a budget of at least 3, got 2"),
    (lambda: _build(9, 4, 9, sizes=(2, 3)), ValueError, r"sizes must multiply to 4, got \(2, 3\)"),
    (lambda: _build(9, 1, 9, sizes=()), ValueError, r"sizes must multiply to 1, got \(\)"),
    (lambda: _build(9, 4, 9, sizes=4), TypeError, "sizes must be a sequence of integers, got 4"),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget, 3), options=options: _build(*a, **options),
        oracle=lambda numbers, a=(sizes, out, in_, 3): matrix(numbers, *a),
        trainable=trainable,
        errors=ERRORS,
    )
    for out, in_, budget, trainable, sizes, options in (
        (9, 9, 9, 9, (3, 3), {}),
        (6, 6, 4, 4, (6,), {"sizes": [6]}),
        (8, 8, 29, 29, (2, 2, 2), {"sizes": (2, 2, 2)}),
        (4, 7, 10, 10, (7,), {}),
        (3, 12, 30, 30, (3, 4), {}),
        (9, 4, 7, 6, (2, 2), {}),
        (7, 3, 20, 18, (3,), {}),
        (1, 1, 1, 1, (1,), {}),
    )
]
