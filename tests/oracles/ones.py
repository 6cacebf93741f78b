"""Cases of Ones."""

import numpy as np
from tests.contract.case import Case

from prodsumnet.operators import Ones

CASES = [
    Case(
        id=f"{out}x{in_}",
        build=lambda out=out, in_=in_: Ones(out, in_),
        oracle=lambda numbers, out=out, in_=in_: np.ones((out, in_)),
        trainable=0,
        errors=((lambda: Ones(2, 0), ValueError, "in_features must lie between"),),
    )
    for out, in_ in ((3, 5), (4, 1), (1, 1))
]
