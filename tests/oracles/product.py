"""Cases of Product."""

import numpy as np
import scipy.fft
import torch
from tests.contract.case import DTYPES, Case, Numbers, reals
from tests.oracles import hadamard
from tests.oracles.random_signs import matrix as random_signs

from prodsumnet.operators import (
    DCT,
    Dense,
    Diagonal,
    Hadamard,
    Product,
    RandomSigns,
    truncate,
    zero_pad,
)


def _gram(dtype: torch.dtype) -> Product:
    a = Dense(3, 4, dtype=dtype)
    return a.H @ a


def _frequency(numbers: Numbers) -> np.ndarray:
    cosines = scipy.fft.dct(np.eye(6), norm="ortho", axis=0)
    return cosines.T @ np.diag(numbers["factors.1.weight"]) @ cosines


def _fastfood(numbers: Numbers) -> np.ndarray:
    h = hadamard.matrix(8)
    middle = np.diag(numbers["factors.2.weight"])
    return np.eye(5, 8) @ h @ middle @ h @ np.eye(8, 6)


CASES = [
    *(
        Case(
            id=f"three-{dtype}",
            build=lambda dtype=dtype: (
                Dense(2, 5, dtype=dtype) @ Diagonal(5, dtype=dtype) @ Dense(5, 3, dtype=dtype)
            ),
            oracle=lambda n: (
                n["factors.0.weight"] @ np.diag(n["factors.1.weight"]) @ n["factors.2.weight"]
            ),
            trainable=30 * reals(dtype),
            linear=False,
            errors=(
                (lambda: Product(), ValueError, "Product needs at least one operator"),
                (
                    lambda: Dense(2, 3) @ (Diagonal(4) + DCT(4)),
                    ValueError,
                    r"multiply Dense\(2×3\) \(2×3\) by Diagonal\(4\) \+ DCT\(4\) \(4×4\): 3 != 4",
                ),
                (lambda: Dense(2, 3) @ 3, TypeError, "unsupported operand"),
                (lambda: Dense(2, 3) @ torch.ones(3), TypeError, r"apply one to a tensor.*A\(x\)"),
                (lambda: Product(DCT(3), 1), TypeError, "expected a LinearOperator, got int"),
            ),
        )
        for dtype in DTYPES
    ),
    *(
        Case(
            id=f"gram-{dtype}",
            build=lambda dtype=dtype: _gram(dtype),
            oracle=lambda n: (
                n["factors.0.operator.weight"].conj().T @ n["factors.0.operator.weight"]
            ),
            trainable=12 * reals(dtype),
            linear=False,
        )
        for dtype in DTYPES
    ),
    *(
        Case(
            id=f"frequency-{dtype}",
            build=lambda dtype=dtype: DCT(6).H @ Diagonal(6, dtype=dtype) @ DCT(6),
            oracle=_frequency,
            trainable=6 * reals(dtype),
        )
        for dtype in DTYPES
    ),
    Case(
        id="padded",
        build=lambda: (
            truncate(5, 8)
            @ Hadamard(8)
            @ Diagonal(8, dtype=torch.float64)
            @ Hadamard(8)
            @ zero_pad(8, 6)
        ),
        oracle=_fastfood,
        trainable=8,
    ),
    Case(
        id="fixed",
        build=lambda: Hadamard(4) @ RandomSigns(4, 3, seed=7),
        oracle=lambda n: hadamard.matrix(4) @ random_signs(4, 3, 7),
        trainable=0,
    ),
]
