"""Cases of Constant: the matrix it was given."""

import numpy as np
import torch
from tests.contract.case import Case

from prodsumnet.operators import Constant

REAL = np.random.default_rng(0).normal(size=(3, 5))
COMPLEX = REAL.T + 1j * np.random.default_rng(1).normal(size=(5, 3))

CASES = [
    Case(
        id=name,
        build=lambda matrix=matrix: Constant.of(torch.from_numpy(matrix)),
        oracle=lambda numbers, matrix=matrix: matrix,
        trainable=0,
        stored=frozenset({"matrix"}),
        errors=(
            (lambda: Constant.of(torch.ones(3)), ValueError, r"expected a matrix.*\(3,\)"),
            (lambda: Constant.of(torch.tensor([[torch.nan]])), ValueError, "not finite"),
            (lambda: Constant.of(torch.ones(2, 2).long()), TypeError, "floating or complex"),
            (lambda: Constant(2**20, 2**20), ValueError, "Constant would hold"),
        ),
    )
    for name, matrix in (("real", REAL), ("complex", COMPLEX), ("one", REAL[:1, :1].copy()))
]
