"""Cases of BLAST against the blocks that it is defined by."""

import numpy as np
import torch
from tests.contract.case import Case, Numbers
from tests.oracles.families.monarch import stages

from prodsumnet import families


def _build(*arguments: object, **options: object):
    return families.build("blast", *arguments, dtype=torch.float64, **options)


def matrix(numbers: Numbers) -> np.ndarray:
    left, couplings, right = stages(numbers)
    return np.block(
        [
            [
                u @ np.diag([coupling[i, j] for coupling in couplings]) @ v
                for j, v in enumerate(right)
            ]
            for i, u in enumerate(left)
        ]
    )


ERRORS = ((lambda: _build(4, 6, 9), ValueError, "'blast' at 4×6 needs a budget of at least 14"),)

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget): _build(*a),
        oracle=matrix,
        trainable=trainable,
        linear=False,
        errors=ERRORS,
    )
    for out, in_, budget, trainable in (
        (8, 8, 41, 40),
        (13, 11, 80, 80),
        (4, 12, 100, 40),
        (1, 1, 3, 3),
    )
]
