"""Cases of Hashed: buckets and signs by the reference Philox."""

import numpy as np
from tests.contract import philox
from tests.contract.case import DTYPES, Case, reals

from prodsumnet.operators import Hashed


def matrix(out: int, in_: int, seed: int, weight: np.ndarray) -> np.ndarray:
    buckets = np.array(philox.permutation(seed, out * in_)) % len(weight)
    return weight[buckets].reshape(out, in_) * philox.signs(seed, out, in_)


CASES = [
    Case(
        id=f"{out}x{in_}-{count}-{seed}-{dtype}",
        build=lambda a=(out, in_, count, seed), dtype=dtype: Hashed(*a, dtype=dtype),
        oracle=lambda numbers, a=(out, in_, seed): matrix(*a, numbers["weight"]),
        trainable=count * reals(dtype),
        errors=(
            (lambda: Hashed(3, 4, 13), ValueError, "num_weights must lie between 1 and 12"),
            (lambda: Hashed(3, 4, 5, seed=-2), ValueError, "seed must lie between 0"),
        ),
    )
    for out, in_, count, seed in ((5, 6, 7, 0), (4, 3, 12, 99), (2, 9, 1, 3), (1, 1, 1, 0))
    for dtype in DTYPES
]
