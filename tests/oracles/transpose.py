"""Cases of Transpose."""

import numpy as np
import torch
from tests.contract.case import DTYPES, Case, reals

from prodsumnet.operators import Dense, Selection, Transpose

CASES = [
    *(
        Case(
            id=f"dense-{dtype}",
            build=lambda dtype=dtype: Dense(3, 5, dtype=dtype).T,
            oracle=lambda numbers: numbers["operator.weight"].T,
            trainable=15 * reals(dtype),
            errors=((lambda: Transpose(None), TypeError, "expected a LinearOperator, got None"),),
        )
        for dtype in DTYPES
    ),
    Case(
        id="product",
        build=lambda: (
            (1j * Dense(2, 3, dtype=torch.complex128) @ Dense(3, 4)).to(torch.complex128).T
        ),
        oracle=lambda numbers: (
            (
                1j
                * numbers["operator.factors.0.operator.weight"]
                @ numbers["operator.factors.1.weight"]
            ).T
        ),
        trainable=12 + 24,
        linear=False,
    ),
    Case(
        id="selection",
        build=lambda: Selection(4, (3, 1)).T,
        oracle=lambda numbers: np.eye(4)[:, [3, 1]],
        trainable=0,
    ),
]
