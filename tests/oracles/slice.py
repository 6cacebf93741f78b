"""Cases of Slice: rows of the identity."""

import numpy as np
from tests.contract.case import Case

from prodsumnet.operators import Slice, truncate, zero_pad

CASES = [
    *(
        Case(
            id=f"{in_}-{start}-{stop}",
            build=lambda a=(in_, start, stop): Slice(*a),
            oracle=lambda numbers, a=(in_, start, stop): np.eye(a[0])[a[1] : a[2]],
            trainable=0,
            errors=(
                (lambda: Slice(6, 4, 4), ValueError, "start must lie between 0 and 3, got 4"),
                (lambda: Slice(6, 0, 7), ValueError, "stop must lie between 1 and 6, got 7"),
                (lambda: Slice(6, -1, 2), ValueError, "start must lie between 0"),
                (lambda: Slice(6, None, 2), TypeError, "start must be an integer"),
                (lambda: truncate(5, 4), ValueError, "stop must lie between 1 and 4, got 5"),
                (lambda: zero_pad(4, 5), ValueError, "stop must lie between 1 and 4, got 5"),
            ),
        )
        for in_, start, stop in ((6, 1, 4), (6, 0, 6), (5, 4, 5), (1, 0, 1))
    ),
    Case(
        id="truncate",
        build=lambda: truncate(3, 5),
        oracle=lambda numbers: np.eye(3, 5),
        trainable=0,
    ),
]
