"""Cases of KhatriRao against scipy.linalg.khatri_rao, which works on columns."""

import numpy as np
import scipy.linalg
import torch
from tests.contract.case import DTYPES, Case, reals
from tests.oracles.random_signs import matrix as random_signs

from prodsumnet.operators import Dense, Diagonal, KhatriRao, RandomSigns


def matrix(*factors: np.ndarray) -> np.ndarray:
    columns = factors[0].T
    for factor in factors[1:]:
        columns = scipy.linalg.khatri_rao(columns, factor.T)
    return columns.T


CASES = [
    *(
        Case(
            id=f"two-{dtype}",
            build=lambda dtype=dtype: KhatriRao(Dense(3, 4, dtype=dtype), Dense(3, 2, dtype=dtype)),
            oracle=lambda n: matrix(n["factors.0.weight"], n["factors.1.weight"]),
            trainable=18 * reals(dtype),
            linear=False,
            errors=(
                (lambda: KhatriRao(), ValueError, "KhatriRao needs at least one operator"),
                (
                    lambda: KhatriRao(Dense(3, 4), Dense(2, 4)),
                    ValueError,
                    r"equal out_features: Dense\(3×4\) has 3, Dense\(2×4\) has 2",
                ),
                (lambda: KhatriRao(None), TypeError, "expected a LinearOperator, got NoneType"),
                (
                    lambda: KhatriRao(*[RandomSigns(32, 2**12)] * 2, RandomSigns(32, 16)),
                    ValueError,
                    "KhatriRao would hold",
                ),
            ),
        )
        for dtype in DTYPES
    ),
    Case(
        id="three",
        build=lambda: KhatriRao(Dense(2, 3), Diagonal(2), Dense(2, 1)).double(),
        oracle=lambda n: matrix(
            n["factors.0.weight"], np.diag(n["factors.1.weight"]), n["factors.2.weight"]
        ),
        trainable=6 + 2 + 2,
        linear=False,
    ),
    Case(
        id="cp",
        build=lambda: (Dense(4, 2) @ KhatriRao(Dense(2, 3), Dense(2, 3))).double().factors[1],
        oracle=lambda n: matrix(n["factors.0.weight"], n["factors.1.weight"]),
        trainable=12,
        linear=False,
    ),
    Case(
        id="fixed-factor",
        build=lambda: KhatriRao(RandomSigns(3, 2, seed=1), Dense(3, 2, dtype=torch.complex128)),
        oracle=lambda n: matrix(random_signs(3, 2, 1), n["factors.1.weight"]),
        trainable=12,
    ),
    Case(
        id="fixed",
        build=lambda: KhatriRao(RandomSigns(3, 2, seed=1), RandomSigns(3, 2)),
        oracle=lambda n: matrix(random_signs(3, 2, 1), random_signs(3, 2, 0)),
        trainable=0,
    ),
    Case(
        id="single",
        build=lambda: KhatriRao(Dense(3, 2, dtype=torch.float64)),
        oracle=lambda n: n["factors.0.weight"],
        trainable=6,
    ),
]
