"""Cases of the householder family: reflections by numpy."""

import numpy as np
import torch
from tests.contract.case import Case, Numbers
from tests.oracles.families.permutation import spread

from prodsumnet import families


def reflection(vector: np.ndarray, size: int) -> np.ndarray:
    whole = np.zeros(size)
    whole[: len(vector)] = vector / np.linalg.norm(vector)
    return np.eye(size) - 2 * np.outer(whole, whole)


def matrix(numbers: Numbers, out: int, in_: int, seed: int) -> np.ndarray:
    theta, *vectors = numbers.values()
    size = max(out, in_)
    dense = spread(out, size, seed)
    for vector in (row for rows in vectors for row in np.atleast_2d(rows)):
        dense = dense @ reflection(vector, size)
    return theta * dense @ spread(size, in_, seed)


def _build(*arguments: object, **options: object):
    return families.build("householder", *arguments, dtype=torch.float64, **options)


ERRORS = (
    (lambda: _build(4, 6, 2), ValueError, "'householder' at 4×6 needs a budget of at least 3"),
    (lambda: _build(4, 6, 9, reflections=2), TypeError, "takes no options, got 'reflections'"),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget, seed): _build(*a),
        oracle=lambda numbers, a=(out, in_, seed): matrix(numbers, *a),
        trainable=trainable,
        linear=trainable == 1,
        errors=ERRORS,
    )
    for out, in_, budget, seed, trainable in (
        (6, 6, 17, 0, 17),
        (5, 5, 7, 0, 6),
        (3, 3, 99, 0, 10),
        (4, 7, 12, 3, 12),
        (7, 3, 3, 5, 3),
        (1, 1, 1, 0, 1),
    )
]
