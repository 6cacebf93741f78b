"""Cases of Dense: the matrix is its numbers."""

import torch
from tests.contract.case import DTYPES, Case, reals

from prodsumnet.operators import Dense

ERRORS = (
    (lambda: Dense(0, 3), ValueError, r"out_features must lie between 1 and \d+, got 0"),
    (lambda: Dense(3, -1), ValueError, "in_features must lie between"),
    (lambda: Dense(3.0, 3), TypeError, r"out_features must be an integer, got 3\.0"),
    (lambda: Dense(True, 3), TypeError, "out_features must be an integer, got True"),
    (lambda: Dense(3, 3, dtype=torch.int64), TypeError, "floating or complex torch dtype"),
    (lambda: Dense(3, 3, dtype="float32"), TypeError, "floating or complex torch dtype"),
    (lambda: Dense(2**30, 2**30), ValueError, r"Dense would hold 1152921504606846976 numbers"),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{dtype}",
        build=lambda out=out, in_=in_, dtype=dtype: Dense(out, in_, dtype=dtype),
        oracle=lambda numbers: numbers["weight"],
        trainable=out * in_ * reals(dtype),
        errors=ERRORS,
    )
    for out, in_ in ((5, 3), (3, 7), (1, 1))
    for dtype in DTYPES
]
