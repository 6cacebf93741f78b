"""Cases of the random-projection family: signs by the reference Philox."""

import numpy as np
import torch
from tests.contract import philox
from tests.contract.case import Case, Numbers

from prodsumnet import families


def signs(k: int, n: int, seed: int) -> np.ndarray:
    return philox.signs(seed, k, n) / np.sqrt(n)


def matrix(numbers: Numbers, out: int, in_: int, seed: int) -> np.ndarray:
    (weight,) = numbers.values()
    if weight.shape == (out, in_):
        return weight
    if weight.shape[0] == out:
        return weight @ signs(weight.shape[1], in_, seed)
    return signs(weight.shape[0], out, seed).T @ weight


def _build(*arguments: object, **options: object):
    return families.build("random-projection", *arguments, dtype=torch.float64, **options)


ERRORS = (
    (lambda: _build(4, 6, 3), ValueError, "'random-projection' at 4×6 needs a budget of at least"),
    (lambda: _build(4, 6, 9, rank=2), TypeError, "takes no options, got 'rank'"),
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
        (6, 6, 20, 0, 18),
        (3, 8, 11, 1, 9),
        (4, 7, 14, 2, 14),
        (9, 4, 22, 3, 20),
        (4, 6, 30, 5, 24),
        (1, 1, 1, 0, 1),
    )
]
