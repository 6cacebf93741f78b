"""Cases of Basis: explicit sums of given matrices."""

import numpy as np
import scipy.fft
import torch
from tests.contract import philox
from tests.contract.case import DTYPES, Case, Numbers, reals

from prodsumnet.operators import DCT, Basis, Dense, Identity, Permutation, RandomSigns


def _transforms(numbers: Numbers) -> np.ndarray:
    a, b, c = numbers["weight"]
    cosines = scipy.fft.dct(np.eye(5), norm="ortho", axis=0)
    return a * philox.signs(1, 5, 5) / np.sqrt(5) + b * cosines + c * np.eye(5)


def _trained_term(numbers: Numbers) -> np.ndarray:
    a, b = numbers["weight"]
    return a * numbers["operators.0.weight"] + b * philox.signs(0, 3, 4) / 2


CASES = [
    *(
        Case(
            id=f"transforms-{dtype}",
            build=lambda dtype=dtype: Basis(
                RandomSigns(5, 5, seed=1), DCT(5), Identity(5), dtype=dtype
            ),
            oracle=_transforms,
            trainable=3 * reals(dtype),
            errors=(
                (lambda: Basis(), ValueError, "at least one"),
                (lambda: Basis(DCT(4), DCT(5)), ValueError, r"DCT\(4\).*DCT\(5\)"),
                (lambda: Basis(DCT(4), "x"), TypeError, "expected a LinearOperator, got str"),
            ),
        )
        for dtype in DTYPES
    ),
    Case(
        id="single",
        build=lambda: Basis(Permutation(4, order=(2, 0, 3, 1)), dtype=torch.float64),
        oracle=lambda numbers: numbers["weight"] * np.eye(4)[[2, 0, 3, 1]],
        trainable=1,
    ),
    Case(
        id="trained-term",
        build=lambda: Basis(
            Dense(3, 4, dtype=torch.float64), RandomSigns(3, 4), dtype=torch.float64
        ),
        oracle=_trained_term,
        trainable=14,
        linear=False,
    ),
    Case(
        id="real-weights-of-complex-terms",
        build=lambda: Basis(
            2j * RandomSigns(3, 4), Dense(3, 4, dtype=torch.complex128), dtype=torch.float64
        ),
        oracle=lambda numbers: (
            numbers["weight"][0] * 1j * philox.signs(0, 3, 4)
            + numbers["weight"][1] * numbers["operators.1.weight"]
        ),
        trainable=2 + 24,
        linear=False,
    ),
]
