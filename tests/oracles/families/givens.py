"""Cases of the givens family: plane by plane with numpy."""

import numpy as np
import torch
from tests.contract import philox
from tests.contract.case import Case, Numbers
from tests.oracles.families.permutation import spread

from prodsumnet import families

OFFSET = 0x61DE


def stage(angles: np.ndarray, size: int, index: int, seed: int) -> np.ndarray:
    levels = size.bit_length() - 1
    if size == 2**levels:
        stride = 2 ** (index % levels)
        pairs = [(i, i + stride) for i in range(size) if not i & stride]
    else:
        order = philox.permutation(seed + (index + 1) * OFFSET, size)
        pairs = list(zip(order[0::2], order[1::2], strict=False))
    dense = np.eye(size)
    for angle, (i, j) in zip(angles, pairs, strict=False):
        dense[[i, i, j, j], [i, j, i, j]] = (
            np.cos(angle),
            -np.sin(angle),
            np.sin(angle),
            np.cos(angle),
        )
    return dense


def matrix(numbers: Numbers, out: int, in_: int, seed: int) -> np.ndarray:
    theta, *stages = numbers.values()
    size = max(out, in_)
    dense = spread(size, in_, seed)
    for index, angles in enumerate(reversed(stages)):
        dense = stage(angles, size, index, seed) @ dense
    return theta * spread(out, size, seed) @ dense


def _build(*arguments: object, **options: object):
    return families.build("givens", *arguments, dtype=torch.float64, **options)


ERRORS = (
    (lambda: _build(4, 6, 1), ValueError, "'givens' at 4×6 needs a budget of at least 2, got 1"),
    (lambda: _build(4, 6, 9, stages=2), TypeError, "takes no options, got 'stages'"),
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
        (8, 8, 19, 0, 19),
        (4, 4, 99, 0, 7),
        (5, 5, 99, 2, 11),
        (4, 7, 9, 3, 9),
        (6, 3, 2, 5, 2),
        (2, 8, 14, 7, 14),
        (1, 1, 1, 0, 1),
    )
]
