"""Cases of Sparse: the support by the reference Philox."""

import numpy as np
from tests.contract import philox
from tests.contract.case import DTYPES, Case, reals

from prodsumnet.operators import Sparse


def matrix(out: int, in_: int, seed: int, weight: np.ndarray) -> np.ndarray:
    dense = np.zeros(out * in_, dtype=weight.dtype)
    dense[philox.subset(seed, out * in_, len(weight))] = weight
    return dense.reshape(out, in_)


ERRORS = (
    (lambda: Sparse(3, 4, 13), ValueError, "num_nonzeros must lie between 1 and 12, got 13"),
    (lambda: Sparse(3, 4, 0), ValueError, "num_nonzeros must lie between"),
    (lambda: Sparse(3, 4, 2, seed=-1), ValueError, "seed must lie between 0"),
    (lambda: Sparse(3, 4, 2, seed=2**63), ValueError, "seed must lie between 0"),
    (lambda: Sparse(3, 4, 2, seed=1.5), TypeError, "seed must be an integer"),
    (lambda: Sparse(2**20, 2**20, 5), ValueError, "Sparse would have 1099511627776 entries"),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{count}-{seed}-{dtype}",
        build=lambda a=(out, in_, count, seed), dtype=dtype: Sparse(*a, dtype=dtype),
        oracle=lambda numbers, a=(out, in_, seed): matrix(*a, numbers["weight"]),
        trainable=count * reals(dtype),
        errors=ERRORS,
    )
    for out, in_, count, seed in ((5, 6, 4, 0), (4, 7, 25, 2**40 + 7), (3, 2, 6, 1), (1, 1, 1, 5))
    for dtype in DTYPES
]
