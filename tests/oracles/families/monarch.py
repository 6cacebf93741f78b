"""Cases of Monarch matrices against dense products of scipy.linalg.block_diag and permutations."""

import numpy as np
import scipy.linalg
import torch
from tests.contract.case import Case, Numbers

from prodsumnet import families


def _build(*arguments: object, **options: object):
    return families.build("monarch", *arguments, dtype=torch.float64, **options)


def stages(numbers: Numbers) -> list[list[np.ndarray]]:
    """The blocks of every factor that has some."""
    found: dict[str, list[np.ndarray]] = {}
    for name, weight in numbers.items():
        factor = name.split(".")[1] if name.startswith("factors.") else ""
        found.setdefault(factor, []).extend(weight)
    return list(found.values())


def shuffle(rows: int, columns: int) -> np.ndarray:
    """The permutation that reads a matrix of that shape by columns."""
    return np.eye(rows * columns)[np.arange(rows * columns).reshape(rows, columns).T.ravel()]


def matrix(numbers: Numbers, even: bool) -> np.ndarray:
    left, right = stages(numbers)
    height = len(right[0])
    product = scipy.linalg.block_diag(*left) @ shuffle(len(right), height)
    dense = product @ scipy.linalg.block_diag(*right)
    return shuffle(len(left), len(left[0])) @ dense if even else dense


ERRORS = ((lambda: _build(4, 6, 9), ValueError, "'monarch' at 4×6 needs a budget of at least 10"),)

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget): _build(*a),
        oracle=lambda numbers, even=even: matrix(numbers, even),
        trainable=trainable,
        linear=False,
        errors=ERRORS,
    )
    for out, in_, budget, even, trainable in (
        (8, 8, 33, True, 32),
        (4, 12, 36, True, 32),
        (13, 11, 70, False, 70),
        (7, 3, 1000, False, 20),
        (1, 1, 2, True, 2),
    )
]
