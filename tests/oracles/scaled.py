"""Cases of Scaled."""

import numpy as np
import torch
from tests.contract import philox
from tests.contract.case import DTYPES, Case, reals

from prodsumnet.operators import Dense, Identity, RandomSigns, Scaled

ERRORS = (
    (lambda: 0 * Identity(3), ValueError, "scalar must be finite and not zero, got 0"),
    (lambda: float("nan") * Identity(3), ValueError, "finite and not zero, got nan"),
    (lambda: complex("infj") * Identity(3), ValueError, "finite and not zero"),
    (lambda: 10**400 * Identity(3), ValueError, "finite and not zero"),
    (lambda: Scaled(Identity(3), "2"), TypeError, "scalar must be a number, got '2'"),
    (lambda: Scaled(Identity(3), True), TypeError, "scalar must be a number, got True"),
    (lambda: Scaled(3, 3), TypeError, "expected a LinearOperator, got int"),
)

CASES = [
    *(
        Case(
            id=f"{scalar}-{dtype}",
            build=lambda scalar=scalar, dtype=dtype: scalar * Dense(3, 4, dtype=dtype),
            oracle=lambda numbers, scalar=scalar: scalar * numbers["operator.weight"],
            trainable=12 * reals(dtype),
            errors=ERRORS,
        )
        for scalar in (3, -0.25, 2 - 1j)
        for dtype in DTYPES
    ),
    Case(
        id="division",
        build=lambda: Dense(3, 4, dtype=torch.float64) / 8,
        oracle=lambda numbers: numbers["operator.weight"] / 8,
        trainable=12,
    ),
    Case(
        id="fixed",
        build=lambda: -RandomSigns(2, 3, seed=2),
        oracle=lambda numbers: -philox.signs(2, 2, 3) / np.sqrt(3),
        trainable=0,
    ),
]
