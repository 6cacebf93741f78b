"""Cases of SeededBasis: the explicit sum of the reference Philox's sign matrices."""

import numpy as np
from tests.contract import philox
from tests.contract.case import DTYPES, Case, reals

from prodsumnet.operators import Basis, SeededBasis


def matrix(out: int, in_: int, seed: int, weight: np.ndarray) -> np.ndarray:
    stack = philox.signs(seed, len(weight), out, in_)
    return sum(theta * signs for theta, signs in zip(weight, stack, strict=True)) / np.sqrt(in_)


CASES = [
    Case(
        id=f"{out}x{in_}-{count}-{seed}-{dtype}",
        build=lambda a=(out, in_, count, seed), dtype=dtype: SeededBasis(*a, dtype=dtype),
        oracle=lambda numbers, a=(out, in_, seed): matrix(*a, numbers["weight"]),
        trainable=count * reals(dtype),
        errors=(
            (lambda: SeededBasis(2, 3, 7), ValueError, "num_terms must lie between 1 and 6"),
            (lambda: SeededBasis(2**12, 2**12, 2**10), ValueError, "would hold 17179869184"),
        ),
    )
    for out, in_, count, seed in ((5, 4, 6, 0), (3, 8, 2, 12345678901), (1, 1, 1, 0))
    for dtype in DTYPES
] + [
    Case(
        id="by-name",
        build=lambda: Basis.seeded(3, 4, 2, seed=5).double(),
        oracle=lambda numbers: matrix(3, 4, 5, numbers["weight"]),
        trainable=2,
    )
]
