"""Cases of the fastfood family against scipy.linalg.hadamard."""

import numpy as np
import scipy.linalg
import torch
from tests.contract import philox
from tests.contract.case import Case, Numbers

from prodsumnet import families


def _build(*arguments: object, **options: object):
    return families.build("fastfood", *arguments, dtype=torch.float64, **options)


def matrix(numbers: Numbers, out: int, in_: int, seed: int, terms: int, trained: str) -> np.ndarray:
    """So many terms with all three diagonals trained, then one with some."""
    size = 1 << (in_ - 1).bit_length()
    stacks = -(-out // size)
    hadamard = scipy.linalg.hadamard(size) / np.sqrt(size)
    given = list(numbers.values())

    def stacked(s: np.ndarray, g: np.ndarray, b: np.ndarray, key: int) -> np.ndarray:
        order = philox.permutation(key, size)
        blocks = [
            hadamard @ np.diag(g_) @ hadamard[order] @ np.eye(size, in_) @ np.diag(b_)
            for g_, b_ in zip(g.reshape(stacks, size), b.reshape(stacks, in_), strict=True)
        ]
        return s[:, None] * np.vstack(blocks)[:out]

    found = np.zeros((out, in_))
    if terms:
        s, g, b = (given.pop(0).reshape(terms, -1) for _ in range(3))
        found += sum(stacked(s[t], g[t], b[t], seed) for t in range(terms))
    if trained:
        sizes = {"S": out, "G": stacks * size, "B": stacks * in_}
        s, g, b = (
            given.pop(0) if name in trained else philox.signs(seed + 3 + offset, sizes[name])
            for offset, name in enumerate("SGB")
        )
        found += stacked(s, g, b, seed + 3)
    return found


ERRORS = ((lambda: _build(9, 12, 8), ValueError, "needs a budget of at least 9, got 8"),)

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget, 4): _build(*a),
        oracle=lambda numbers, a=(out, in_, 4, terms, trained): matrix(numbers, *a),
        trainable=trainable,
        linear=not terms and len(trained) == 1,
        errors=ERRORS,
    )
    for out, in_, budget, trainable, terms, trained in (
        (8, 8, 24, 24, 1, ""),
        (6, 6, 9, 8, 0, "G"),
        (3, 9, 4, 3, 0, "S"),
        (3, 7, 13, 11, 0, "SG"),
        (3, 9, 14, 12, 0, "SB"),
        (8, 6, 40, 38, 1, "SG"),
        (8, 8, 64, 64, 2, "SG"),
        (1, 1, 1, 1, 0, "G"),
        (1, 1, 5, 3, 1, ""),
    )
]
