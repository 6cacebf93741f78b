"""Cases of Selection: rows of the identity."""

import numpy as np
from tests.contract.case import Case

from prodsumnet.operators import Selection

CASES = [
    Case(
        id=f"{in_}-" + "".join(map(str, indices)),
        build=lambda in_=in_, indices=indices: Selection(in_, indices),
        oracle=lambda numbers, in_=in_, indices=indices: np.eye(in_)[list(indices)],
        trainable=0,
        errors=(
            (lambda: Selection(6, (1, 6)), ValueError, "indices must lie between 0 and 5, got 6"),
            (lambda: Selection(6, (1, -1)), ValueError, "indices must lie between 0 and 5, got -1"),
            (lambda: Selection(6, (1, 1)), ValueError, "indices must be distinct"),
            (lambda: Selection(6, ()), ValueError, "out_features must lie between"),
            (lambda: Selection(6, 3), TypeError, "indices must be a sequence"),
        ),
    )
    for in_, indices in ((6, (3, 1)), (5, (4, 0, 2, 1, 3)), (1, (0,)), (7, (6,)))
]
