"""Cases of CountSketch: buckets and signs by the reference Philox."""

import numpy as np
from tests.contract import philox
from tests.contract.case import Case

from prodsumnet.operators import CountSketch


def matrix(out: int, in_: int, seed: int) -> np.ndarray:
    dense = np.zeros((out, in_))
    buckets = np.array(philox.permutation(seed, out)) % in_
    dense[np.arange(out), buckets] = philox.signs(seed, out)
    return dense


CASES = [
    Case(
        id=f"{out}x{in_}-{seed}",
        build=lambda a=(out, in_, seed): CountSketch(*a),
        oracle=lambda numbers, a=(out, in_, seed): matrix(*a),
        trainable=0,
        errors=(
            (lambda: CountSketch(3, 4), ValueError, "in_features must lie between 1 and 3, got 4"),
            (lambda: CountSketch(4, 3, seed=-1), ValueError, "seed must lie between 0"),
        ),
    )
    for out, in_, seed in ((9, 4, 0), (5, 5, 2**50 + 1), (6, 1, 3), (1, 1, 0))
]
