"""Cases of Vandermonde against numpy.vander."""

import numpy as np
from tests.contract.case import Case

from prodsumnet.operators.vandermonde import Vandermonde


def nodes(count: int) -> np.ndarray:
    return np.polynomial.chebyshev.chebpts1(count)[::-1]


def matrix(out: int, in_: int) -> np.ndarray:
    dense = np.vander(nodes(out), in_, increasing=True)
    return dense / np.linalg.norm(dense, axis=1, keepdims=True)


ERRORS = (
    (lambda: Vandermonde(0, 4), ValueError, "out_features must lie between 1"),
    (lambda: Vandermonde(2**20, 2**20), ValueError, "Vandermonde would hold"),
)

CASES = [
    Case(
        id=f"{out}x{in_}",
        build=lambda a=(out, in_): Vandermonde(*a),
        oracle=lambda numbers, a=(out, in_): matrix(*a),
        trainable=0,
        errors=ERRORS,
    )
    for out, in_ in ((6, 6), (7, 3), (2, 9), (1, 1), (1, 4), (3, 1))
]
