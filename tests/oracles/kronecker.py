"""Cases of Kronecker against numpy.kron."""

from functools import reduce

import numpy as np
import scipy.linalg
import torch
from tests.contract.case import DTYPES, Case, Numbers, reals
from tests.oracles.random_signs import matrix as random_signs

from prodsumnet.operators import (
    Circulant,
    Dense,
    Diagonal,
    Identity,
    Kronecker,
    RandomSigns,
    Slice,
    kron,
)


def _shared(dtype: torch.dtype) -> Kronecker:
    a = Dense(2, 3, dtype=dtype)
    return kron(a, a)


def _mixed(numbers: Numbers) -> np.ndarray:
    circulant = scipy.linalg.circulant(numbers["factors.1.weight"])
    return reduce(np.kron, (np.eye(5)[1:3], circulant, np.eye(2)))


CASES = [
    *(
        Case(
            id=f"three-{dtype}",
            build=lambda dtype=dtype: kron(
                Dense(2, 3, dtype=dtype), Dense(3, 2, dtype=dtype), Diagonal(2, dtype=dtype)
            ),
            oracle=lambda n: reduce(
                np.kron,
                (n["factors.0.weight"], n["factors.1.weight"], np.diag(n["factors.2.weight"])),
            ),
            trainable=14 * reals(dtype),
            linear=False,
            errors=(
                (lambda: kron(), ValueError, "Kronecker needs at least one operator, got none"),
                (lambda: kron(Identity(2), 2), TypeError, "expected a LinearOperator, got int"),
                (
                    lambda: kron(*[Identity(2**11)] * 3),
                    ValueError,
                    "out_features must lie between 1 and 2147483647, got 8589934592",
                ),
                (lambda: kron(*[Identity(2**31 - 1)] * 9000), ValueError, "out_features must"),
            ),
        )
        for dtype in DTYPES
    ),
    *(
        Case(
            id=f"shared-{dtype}",
            build=lambda dtype=dtype: _shared(dtype),
            oracle=lambda n: np.kron(n["factors.0.weight"], n["factors.0.weight"]),
            trainable=6 * reals(dtype),
            linear=False,
        )
        for dtype in DTYPES
    ),
    Case(
        id="mixed",
        build=lambda: kron(Slice(5, 1, 3), Circulant(3, dtype=torch.float64), Identity(2)),
        oracle=_mixed,
        trainable=3,
    ),
    Case(
        id="real-and-complex",
        build=lambda: kron(Dense(2, 2, dtype=torch.float64), Dense(1, 3, dtype=torch.complex128)),
        oracle=lambda n: np.kron(n["factors.0.weight"], n["factors.1.weight"]),
        trainable=4 + 6,
        linear=False,
    ),
    Case(
        id="flattened",
        build=lambda: kron(kron(Dense(2, 1), Dense(1, 2)), kron(Identity(1), Dense(2, 2))).double(),
        oracle=lambda n: reduce(np.kron, (n[f"factors.{i}.weight"] for i in (0, 1, 3))),
        trainable=8,
        linear=False,
    ),
    Case(
        id="fixed",
        build=lambda: kron(RandomSigns(2, 4, seed=3), Slice(3, 0, 1)),
        oracle=lambda n: np.kron(random_signs(2, 4, 3), np.eye(1, 3)),
        trainable=0,
    ),
]
