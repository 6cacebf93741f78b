"""Cases of Reshape against numpy.reshape."""

import torch
from tests.contract.case import DTYPES, Case, reals
from tests.oracles.random_signs import matrix as random_signs

from prodsumnet.operators import Dense, LowRank, RandomSigns, Reshape

CASES = [
    *(
        Case(
            id=f"column-{dtype}",
            build=lambda dtype=dtype: Reshape(Dense(12, 1, dtype=dtype), 3, 4),
            oracle=lambda numbers: numbers["operator.weight"].reshape(3, 4),
            trainable=12 * reals(dtype),
            errors=(
                (
                    lambda: Reshape(Dense(3, 5), 4, 4),
                    ValueError,
                    r"cannot reshape Dense\(3×5\) \(3×5\) to 4×4",
                ),
                (lambda: Reshape(12, 3, 4), TypeError, "expected a LinearOperator, got int"),
            ),
        )
        for dtype in DTYPES
    ),
    Case(
        id="low-rank",
        build=lambda: Reshape(LowRank(4, 6, 2, dtype=torch.float64), 3, 8),
        oracle=lambda n: (n["operator.factors.0.weight"] @ n["operator.factors.1.weight"]).reshape(
            3, 8
        ),
        trainable=20,
        linear=False,
    ),
    Case(
        id="adjoint",
        build=lambda: Reshape(Dense(2, 6, dtype=torch.float64).H, 4, 3),
        oracle=lambda n: n["operator.operator.weight"].T.reshape(4, 3),
        trainable=12,
    ),
    Case(
        id="fixed",
        build=lambda: Reshape(RandomSigns(2, 3, seed=1), 1, 6),
        oracle=lambda n: random_signs(2, 3, 1).reshape(1, 6),
        trainable=0,
    ),
]
