"""Cases of Adjoint."""

import numpy as np
import torch
from tests.contract.case import DTYPES, Case, reals

from prodsumnet.operators import DCT, Adjoint, Circulant, Dense, Slice, zero_pad

CASES = [
    *(
        Case(
            id=f"dense-{dtype}",
            build=lambda dtype=dtype: Dense(3, 5, dtype=dtype).H,
            oracle=lambda numbers: numbers["operator.weight"].conj().T,
            trainable=15 * reals(dtype),
            # The adjoint is linear in the conjugates of its numbers, not in the numbers.
            linear=not dtype.is_complex,
            errors=(
                (lambda: Adjoint(3), TypeError, "expected a LinearOperator, got int"),
                (lambda: Adjoint(DCT), TypeError, "expected a LinearOperator"),
            ),
        )
        for dtype in DTYPES
    ),
    Case(
        id="nested",
        build=lambda: ((2 + 1j) * Circulant(3, dtype=torch.complex128)).T.H,
        oracle=lambda numbers: (
            (2 - 1j)
            * np.stack(
                [np.roll(numbers["operator.operator.operator.weight"], j) for j in range(3)], axis=1
            ).conj()
        ),
        trainable=6,
        linear=False,
    ),
    Case(
        id="zero-pad",
        build=lambda: zero_pad(5, 3),
        oracle=lambda numbers: np.eye(5, 3),
        trainable=0,
    ),
    Case(
        id="slice",
        build=lambda: Slice(6, 2, 5).H,
        oracle=lambda numbers: np.eye(6)[:, 2:5],
        trainable=0,
    ),
]
