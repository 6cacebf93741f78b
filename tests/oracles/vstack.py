"""Cases of VStack against numpy.vstack."""

import numpy as np
import torch
from tests.contract.case import DTYPES, Case, Numbers, reals
from tests.oracles.random_signs import matrix as random_signs

from prodsumnet.operators import Dense, Diagonal, RandomSigns, vstack


def matrix(*blocks: np.ndarray) -> np.ndarray:
    return np.vstack(blocks)


def _three(numbers: Numbers) -> np.ndarray:
    first, diagonal, last = (numbers[f"blocks.{i}.weight"] for i in range(3))
    return matrix(first, np.diag(diagonal), last)


def _shared() -> torch.nn.Module:
    a = Dense(2, 2, dtype=torch.float64)
    return vstack(a, a.T)


CASES = [
    *(
        Case(
            id=f"three-{dtype}",
            build=lambda dtype=dtype: vstack(
                *(Dense(2, 3, dtype=dtype), Diagonal(3, dtype=dtype), Dense(1, 3, dtype=dtype))
            ),
            oracle=_three,
            trainable=12 * reals(dtype),
            errors=(
                (lambda: vstack(), ValueError, "vstack needs at least one operator, got none"),
                (lambda: vstack(Dense(2, 3), 1), TypeError, "expected a LinearOperator, got int"),
                (
                    lambda: vstack(Dense(2, 3), Dense(2, 4)),
                    ValueError,
                    r"vstack needs equal in_features: Dense\(2×3\) has 3, Dense\(2×4\) has 4",
                ),
            ),
        )
        for dtype in DTYPES
    ),
    Case(
        id="shared",
        build=_shared,
        oracle=lambda n: matrix(n["blocks.0.weight"], n["blocks.0.weight"].T),
        trainable=4,
    ),
    Case(
        id="fixed-block",
        build=lambda: vstack(RandomSigns(2, 2, seed=4), Dense(2, 2, dtype=torch.float64)),
        oracle=lambda n: matrix(random_signs(2, 2, 4), n["blocks.1.weight"]),
        trainable=4,
        reaches_gain=False,
    ),
    Case(
        id="real-and-complex",
        build=lambda: vstack(Dense(2, 2, dtype=torch.float64), Dense(2, 2, dtype=torch.complex128)),
        oracle=lambda n: matrix(n["blocks.0.weight"], n["blocks.1.weight"]),
        trainable=4 + 8,
    ),
    Case(
        id="single",
        build=lambda: vstack(Dense(2, 3, dtype=torch.float64)),
        oracle=lambda n: n["blocks.0.weight"],
        trainable=6,
    ),
]
