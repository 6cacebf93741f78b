"""Cases of Identity."""

import numpy as np
from tests.contract.case import Case

from prodsumnet.operators import Identity

CASES = [
    Case(
        id=str(size),
        build=lambda size=size: Identity(size),
        oracle=lambda numbers, size=size: np.eye(size),
        trainable=0,
        free=True,
        errors=((lambda: Identity(2**31), ValueError, "must lie between 1 and 2147483647"),),
    )
    for size in (1, 5)
]
