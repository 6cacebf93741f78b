"""Cases of SignDiagonal: signs by the reference Philox."""

import numpy as np
from tests.contract import philox
from tests.contract.case import Case

from prodsumnet.operators.sign_diagonal import SignDiagonal

CASES = [
    Case(
        id=f"{size}-{seed}",
        build=lambda a=(size, seed): SignDiagonal(*a),
        oracle=lambda numbers, size=size, seed=seed: np.diag(philox.signs(seed, size)),
        trainable=0,
        errors=((lambda: SignDiagonal(3, seed=-1), ValueError, "seed must lie between 0"),),
    )
    for size, seed in ((6, 0), (5, 2**50 + 1), (1, 3))
]
