"""Cases of Zero."""

import numpy as np
from tests.contract.case import Case

from prodsumnet.operators import Zero

CASES = [
    Case(
        id=f"{out}x{in_}",
        build=lambda out=out, in_=in_: Zero(out, in_),
        oracle=lambda numbers, out=out, in_=in_: np.zeros((out, in_)),
        trainable=0,
        errors=((lambda: Zero(0, 1), ValueError, "out_features must lie between"),),
    )
    for out, in_ in ((3, 5), (1, 1))
]
