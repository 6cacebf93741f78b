"""Cases of Krylov against matrix powers by numpy."""

import numpy as np
import torch
from tests.contract.case import Case
from tests.oracles import tridiagonal

from prodsumnet.operators import Dense, Diagonal, Identity, Permutation
from prodsumnet.operators.krylov import Krylov
from prodsumnet.operators.tridiagonal import Tridiagonal

REAL, COMPLEX = torch.float64, torch.complex128


def matrix(operator: np.ndarray, generators: np.ndarray, length: int) -> np.ndarray:
    return np.stack(
        [
            np.linalg.matrix_power(operator, power) @ vector
            for vector in generators.T
            for power in range(length)
        ],
        axis=1,
    )


def case(
    size: int, columns: int, length: int | None, alone: bool, shift: int, dtype: torch.dtype
) -> Case:
    trainable = len(tridiagonal.entries(size, True, alone)) + size * columns
    return Case(
        id=f"{size}x{columns}-{length}-{alone}-{shift}-{dtype}",
        build=lambda: Krylov(
            Tridiagonal(size, subdiagonal_only=alone, near_shift=shift, dtype=dtype),
            Dense(size, columns, dtype=dtype),
            length,
        ),
        oracle=lambda numbers: matrix(
            tridiagonal.matrix(numbers["operator.weight"], size, True, alone),
            numbers["generators.weight"],
            length or size,
        ),
        trainable=trainable * (2 if dtype.is_complex else 1),
        linear=False,
    )


def cyclic(size: int) -> np.ndarray:
    return np.roll(np.eye(size), 1, axis=0)


ERRORS = (
    (
        lambda: Krylov(Dense(4, 3), Dense(4, 1)),
        ValueError,
        r"needs a square operator and generators of its size, got \(4, 3\) and \(4, 1\)",
    ),
    (lambda: Krylov(Diagonal(4), Dense(3, 1)), ValueError, r"got \(4, 4\) and \(3, 1\)"),
    (lambda: Krylov(Diagonal(4), Dense(4, 1), 0), ValueError, "length must lie between 1"),
    (lambda: Krylov(Diagonal(4), 3), TypeError, "expected a LinearOperator, got int"),
    (lambda: Krylov(Identity(2**20), Dense(2**20, 1)), ValueError, "Krylov would hold"),
)

CASES = [
    case(7, 1, None, False, 1, REAL),
    case(6, 2, None, True, -1, REAL),
    case(5, 2, 3, False, 0, COMPLEX),
    # Enough powers that every level of the calculation takes part.
    case(13, 1, 9, False, -1, REAL),
    case(3, 1, 40, True, 1, REAL),
    case(2, 1, 4, False, 1, REAL),
    case(1, 2, 2, True, -1, REAL),
    case(1, 1, 3, False, 1, REAL),
    Case(
        id="permutation",
        build=lambda: Krylov(Permutation(4, order=(3, 0, 1, 2)), Dense(4, 2, dtype=REAL)),
        oracle=lambda numbers: matrix(cyclic(4), numbers["generators.weight"], 4),
        trainable=8,
        errors=ERRORS,
    ),
    Case(
        id="complex-diagonal",
        build=lambda: Krylov(Diagonal(3, dtype=COMPLEX), Dense(3, 1, dtype=COMPLEX), 4),
        oracle=lambda numbers: matrix(
            np.diag(numbers["operator.weight"]), numbers["generators.weight"], 4
        ),
        trainable=12,
        linear=False,
    ),
]
