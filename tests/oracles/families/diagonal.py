"""Cases of the diagonal family: permuted diagonals by the reference Philox."""

import math

import numpy as np
import torch
from tests.contract import philox
from tests.contract.case import Case, Numbers

from prodsumnet import families


def permuted(weight: np.ndarray, out: int, in_: int, seed: int) -> np.ndarray:
    order, dense = philox.permutation(seed, in_), np.zeros((out, in_))
    for t, number in enumerate(weight.ravel()):
        dense[t % out, order[(t + t // math.lcm(out, in_)) % in_]] += number
    return dense


def matrix(numbers: Numbers, out: int, in_: int, seed: int) -> np.ndarray:
    weights = list(numbers.values())
    dense = np.diag(weights.pop(0)) if out == in_ else np.zeros((out, in_))
    for weight in weights:
        dense = dense + permuted(weight, out, in_, seed)
    return dense


def _build(*arguments: object, **options: object):
    return families.build("diagonal", *arguments, dtype=torch.float64, **options)


ERRORS = (
    (lambda: _build(4, 6, 3), ValueError, "'diagonal' at 4×6 needs a budget of at least 4, got 3"),
    (lambda: _build(4, 4, 5, terms=2), TypeError, "takes no options, got 'terms'"),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget, seed): _build(*a),
        oracle=lambda numbers, a=(out, in_, seed): matrix(numbers, *a),
        trainable=min(budget, out * in_),
        errors=ERRORS,
    )
    for out, in_, budget, seed in (
        (6, 6, 6, 0),
        (5, 5, 17, 1),
        (4, 6, 4, 3),
        (4, 6, 15, 3),
        (7, 3, 8, 5),
        (1, 1, 5, 0),
    )
]
