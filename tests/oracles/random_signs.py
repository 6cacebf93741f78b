"""Cases of RandomSigns by the reference Philox."""

import numpy as np
from tests.contract import philox
from tests.contract.case import Case

from prodsumnet.operators import RandomSigns


def matrix(out: int, in_: int, seed: int) -> np.ndarray:
    return philox.signs(seed, out, in_) / np.sqrt(in_)


CASES = [
    Case(
        id=f"{out}x{in_}-{seed}",
        build=lambda a=(out, in_, seed): RandomSigns(*a),
        oracle=lambda numbers, a=(out, in_, seed): matrix(*a),
        trainable=0,
        errors=(
            (lambda: RandomSigns(3, 3, seed=None), TypeError, "seed must be an integer, got None"),
            (lambda: RandomSigns(2**16, 2**16), ValueError, "RandomSigns would hold 4294967296"),
        ),
    )
    for out, in_, seed in ((5, 6, 0), (7, 2, 2**62 + 3), (1, 1, 1))
]
