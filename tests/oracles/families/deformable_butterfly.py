"""Cases of deformable butterflies against dense products."""

import numpy as np
import scipy.linalg
import torch
from tests.contract.case import Case, Numbers
from tests.oracles.families.monarch import shuffle, stages

from prodsumnet import families


def _build(*arguments: object, **options: object):
    return families.build("deformable-butterfly", *arguments, dtype=torch.float64, **options)


def matrix(numbers: Numbers, radices: tuple[int, ...]) -> np.ndarray:
    """Blocks of each factor, whose rows are the last digit, which then becomes the first one."""
    found = stages(numbers)
    assert len(found) == max(len(radices), 1)
    dense = scipy.linalg.block_diag(*found[-1])
    for blocks, radix in zip(found[-2::-1], radices[:0:-1], strict=True):
        dense = scipy.linalg.block_diag(*blocks) @ shuffle(len(dense) // radix, radix) @ dense
    return dense


ERRORS = (
    (lambda: _build(4, 6, 9), ValueError, "'deformable-butterfly' at 4×6 needs a budget of at"),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget): _build(*a),
        oracle=lambda numbers, radices=radices: matrix(numbers, radices),
        trainable=trainable,
        linear=not radices,
        errors=ERRORS,
    )
    for out, in_, budget, radices, trainable in (
        (8, 8, 48, (4, 2), 48),
        (13, 11, 80, (3, 3), 72),
        (4, 12, 40, (4, 2), 40),
        (16, 14, 128, (2, 3, 3), 128),
        (3, 5, 100, (), 15),
        (1, 1, 1, (), 1),
    )
]
