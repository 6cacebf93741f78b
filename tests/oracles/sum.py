"""Cases of Sum."""

import numpy as np
import scipy.linalg
import torch
from tests.contract.case import DTYPES, Case, Numbers, reals

from prodsumnet.operators import Circulant, Dense, Diagonal, Identity, LowRank, Sum, Zero


def _double(module: torch.nn.Module) -> torch.nn.Module:
    return module.to(torch.float64)


def _hermitian(dtype: torch.dtype) -> Sum:
    a = Dense(4, 4, dtype=dtype)
    return a + a.H


def _mixed(numbers: Numbers) -> np.ndarray:
    u, v = numbers["terms.2.factors.0.weight"], numbers["terms.2.factors.1.weight"]
    diagonal, circulant = numbers["terms.0.weight"], numbers["terms.1.weight"]
    return np.diag(diagonal) + scipy.linalg.circulant(circulant) + u @ v


CASES = [
    *(
        Case(
            id=f"two-{dtype}",
            build=lambda dtype=dtype: Dense(3, 5, dtype=dtype) - Dense(3, 5, dtype=dtype),
            oracle=lambda n: n["terms.0.weight"] - n["terms.1.operator.weight"],
            trainable=30 * reals(dtype),
            errors=(
                (lambda: Sum(), ValueError, "Sum needs at least one operator"),
                (
                    lambda: Dense(2, 3) + Diagonal(3) @ Dense(3, 2),
                    ValueError,
                    r"Dense\(2×3\) is 2×3, Diagonal\(3\)·Dense\(3×2\) is 3×2",
                ),
                (lambda: Dense(2, 3) + 1, TypeError, "unsupported operand"),
                (lambda: Dense(2, 3) - 1, TypeError, "unsupported operand"),
                (lambda: Sum(Zero(2, 3), 1), TypeError, "expected a LinearOperator, got int"),
            ),
        )
        for dtype in DTYPES
    ),
    Case(
        id="mixed",
        build=lambda: _double(Diagonal(4) + Circulant(4) + LowRank(4, 4, 2)),
        oracle=_mixed,
        trainable=4 + 4 + 16,
        linear=False,
    ),
    *(
        Case(
            id=f"shared-{dtype}",
            build=lambda dtype=dtype: _hermitian(dtype),
            oracle=lambda n: n["terms.0.weight"] + n["terms.0.weight"].conj().T,
            trainable=16 * reals(dtype),
            linear=not dtype.is_complex,
        )
        for dtype in DTYPES
    ),
    Case(
        id="fixed-term",
        build=lambda: _double(Identity(4) + Diagonal(4)),
        oracle=lambda numbers: np.eye(4) + np.diag(numbers["terms.1.weight"]),
        trainable=4,
        reaches_gain=False,
    ),
    Case(
        id="real-and-complex",
        build=lambda: Dense(2, 3, dtype=torch.float64) + Dense(2, 3, dtype=torch.complex128),
        oracle=lambda numbers: numbers["terms.0.weight"] + numbers["terms.1.weight"],
        trainable=6 + 12,
    ),
    Case(
        id="single",
        build=lambda: Sum(Dense(2, 3, dtype=torch.float64)),
        oracle=lambda numbers: numbers["terms.0.weight"],
        trainable=6,
    ),
]
