"""Cases of butterflies against dense products, with shuffles written as rotations of bits."""

import numpy as np
import scipy.linalg
import torch
from tests.contract.case import Case, Numbers
from tests.oracles.families.monarch import stages

from prodsumnet import families


def _build(*arguments: object, **options: object):
    return families.build("butterfly", *arguments, dtype=torch.float64, **options)


def rotation(bits: int, step: int, terms: int) -> np.ndarray:
    """Feature i of term t moves to where its lowest bits are the highest."""
    permutation = np.zeros((terms * 2**bits,) * 2)

    def position(i: int, t: int) -> int:
        return 2 * (i // 2 * terms + t) + i % 2

    for i in range(2**bits):
        moved = (i >> step) | (i % 2**step << (bits - step))
        for t in range(terms):
            permutation[position(moved, t), position(i, t)] = 1
    return permutation


def matrix(numbers: Numbers, bits: int, step: int, terms: int) -> np.ndarray:
    first, *others = reversed([scipy.linalg.block_diag(*blocks) for blocks in stages(numbers)])
    for stage in others:
        first = stage @ rotation(bits, step, terms) @ first
    return first


ERRORS = (
    (lambda: _build(8, 8, 15), ValueError, "'butterfly' at 8×8 needs a budget of at least 16"),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget): _build(*a),
        oracle=lambda numbers, a=dials: matrix(numbers, *a),
        trainable=trainable,
        linear=linear,
        errors=ERRORS,
    )
    for out, in_, budget, dials, linear, trainable in (
        (8, 8, 48, (3, 1, 1), False, 48),
        (13, 11, 50, (4, 2, 1), False, 48),
        (3, 14, 1000, (2, 1, 1), False, 42),
        (15, 5, 60, (3, 1, 1), False, 56),
        (16, 16, 256, (4, 1, 2), False, 256),
        (9, 7, 20, (3, 3, 1), True, 16),
        (2, 5, 10, (1, 1, 1), True, 10),
        (1, 1, 1, (0, 1, 1), True, 1),
    )
]
