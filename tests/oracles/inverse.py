"""Cases of Inverse against numpy.linalg.inv."""

import numpy as np
import scipy.linalg
import torch
from tests.contract.case import DTYPES, Case, reals

from prodsumnet.operators import Circulant, Dense, Diagonal, Hadamard, Zero
from prodsumnet.operators.inverse import Inverse

CASES = [
    *(
        Case(
            id=f"dense-{dtype}",
            build=lambda dtype=dtype: Inverse(Dense(3, 3, dtype=dtype)),
            oracle=lambda numbers: np.linalg.inv(numbers["operator.weight"]),
            trainable=9 * reals(dtype),
            linear=False,
            errors=(
                (lambda: Inverse(Dense(3, 2)), ValueError, r"square .* got Dense\(3×2\)"),
                (lambda: Inverse(3), TypeError, "expected a LinearOperator, got int"),
                (lambda: Inverse(Zero(2, 2))(torch.ones(2)), torch.linalg.LinAlgError, "singular"),
            ),
        )
        for dtype in DTYPES
    ),
    Case(
        id="product",
        build=lambda: Inverse(Circulant(4, dtype=torch.float64) @ Diagonal(4, dtype=torch.float64)),
        oracle=lambda numbers: np.linalg.inv(
            scipy.linalg.circulant(numbers["operator.factors.0.weight"])
            * numbers["operator.factors.1.weight"]
        ),
        trainable=8,
        linear=False,
    ),
    Case(
        id="fixed",
        build=lambda: Inverse(2 * Hadamard(4)),
        oracle=lambda numbers: scipy.linalg.hadamard(4) / 4,
        trainable=0,
    ),
    Case(
        id="one",
        build=lambda: Inverse(Dense(1, 1, dtype=torch.float64)),
        oracle=lambda numbers: 1 / numbers["operator.weight"],
        trainable=1,
        linear=False,
    ),
]
