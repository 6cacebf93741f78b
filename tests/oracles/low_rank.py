"""Cases of LowRank, a Product of two Dense."""

import numpy as np
from tests.contract.case import DTYPES, Case, reals

from prodsumnet.operators import LowRank

CASES = [
    Case(
        id=f"{out}x{in_}-{rank}-{dtype}",
        build=lambda a=(out, in_, rank), dtype=dtype: LowRank(*a, dtype=dtype),
        oracle=lambda numbers: np.matmul(numbers["factors.0.weight"], numbers["factors.1.weight"]),
        trainable=rank * (out + in_) * reals(dtype),
        linear=False,
        errors=(
            (lambda: LowRank(5, 6, 6), ValueError, "rank must lie between 1 and 5, got 6"),
            (lambda: LowRank(5, 6, 0), ValueError, "rank must lie between 1 and 5, got 0"),
            (lambda: LowRank(5, "6", 1), TypeError, "in_features must be an integer"),
            (lambda: LowRank(-5, 6, 1), ValueError, "out_features must lie between"),
        ),
    )
    for out, in_, rank in ((5, 6, 2), (4, 3, 3), (1, 1, 1))
    for dtype in DTYPES
]
