"""Cases of block tensor trains against the blocks that they are defined by."""

import numpy as np
import torch
from tests.contract.case import Case, Numbers
from tests.oracles.families.monarch import stages

from prodsumnet import families


def _build(*arguments: object, **options: object):
    return families.build("block-tensor-train", *arguments, dtype=torch.float64, **options)


def matrix(numbers: Numbers, rank: int) -> np.ndarray:
    left, right = stages(numbers)
    return np.block(
        [
            [
                rows[:, j * rank : (j + 1) * rank] @ columns[i * rank : (i + 1) * rank]
                for j, columns in enumerate(right)
            ]
            for i, rows in enumerate(left)
        ]
    )


ERRORS = (
    (lambda: _build(4, 6, 9), ValueError, "'block-tensor-train' at 4×6 needs a budget of at least"),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget): _build(*a),
        oracle=lambda numbers, rank=rank: matrix(numbers, rank),
        trainable=trainable,
        linear=False,
        errors=ERRORS,
    )
    for out, in_, budget, rank, trainable in (
        (8, 8, 33, 1, 32),
        (13, 11, 75, 1, 72),
        (4, 12, 60, 2, 48),
        (6, 6, 1000, 1, 36),
        (1, 1, 2, 1, 2),
    )
]
