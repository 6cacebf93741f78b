"""Cases of the basis family: the explicit sum of its matrices, by the reference Philox."""

import itertools

import numpy as np
import torch
from tests.contract import philox
from tests.contract.case import Case, Numbers

from prodsumnet import families

OFFSET = 0xBA515


def independent(numbers: Numbers, out: int, in_: int, seed: int) -> np.ndarray:
    (weight,) = numbers.values()
    stack = philox.signs(seed, len(weight), out, in_) / np.sqrt(in_)
    return sum(theta * signs for theta, signs in zip(weight, stack, strict=True))


def vectors(count: int, size: int, seed: int) -> np.ndarray:
    return np.eye(size) if count == size else philox.signs(seed, count, size) / np.sqrt(size)


def outer(numbers: Numbers, out: int, in_: int, seed: int) -> np.ndarray:
    (weight,) = numbers.values()
    left = vectors(weight.shape[0], out, seed + OFFSET)
    right = vectors(weight.shape[1], in_, seed)
    dense = np.zeros((out, in_))
    for p, q in itertools.product(*map(range, weight.shape)):
        dense += weight[p, q] * np.outer(left[p], right[q])
    return dense


def _build(*arguments: object, **options: object):
    return families.build("basis", *arguments, dtype=torch.float64, **options)


ERRORS = (
    (lambda: _build(4, 6, 0), ValueError, "budget must lie between 1"),
    (lambda: _build(4, 6, 3, max_signs=0), ValueError, "max_signs must lie between 1"),
    (lambda: _build(4, 6, 3, max_signs=None), TypeError, "max_signs must be an integer"),
    (lambda: _build(4, 6, 9, terms=2), TypeError, "takes the options max_signs, got 'terms'"),
)

CASES = [
    *(
        Case(
            id=f"{out}x{in_}-{budget}",
            build=lambda a=(out, in_, budget, seed): _build(*a),
            oracle=lambda numbers, a=(out, in_, seed): independent(numbers, *a),
            trainable=min(budget, out * in_),
            errors=ERRORS,
        )
        for out, in_, budget, seed in ((6, 6, 8, 0), (3, 7, 50, 3), (7, 3, 9, 5), (1, 1, 1, 0))
    ),
    *(
        Case(
            id=f"{out}x{in_}-{budget}-outer",
            build=lambda a=(out, in_, budget, seed): _build(*a, max_signs=9),
            oracle=lambda numbers, a=(out, in_, seed): outer(numbers, *a),
            trainable=trainable,
        )
        for out, in_, budget, seed, trainable in (
            (6, 6, 17, 0, 16),
            (3, 8, 17, 3, 16),
            (9, 2, 7, 5, 6),
            (4, 3, 12, 1, 12),
        )
    ),
]
