"""Cases of the sparse family: the support by the reference Philox."""

import numpy as np
import torch
from tests.contract import philox
from tests.contract.case import Case, Numbers

from prodsumnet import families


def matrix(numbers: Numbers, out: int, in_: int, seed: int) -> np.ndarray:
    (weight,) = numbers.values()
    dense = np.zeros(out * in_)
    dense[philox.subset(seed, out * in_, len(weight))] = weight
    return dense.reshape(out, in_)


def _build(*arguments: object, **options: object):
    return families.build("sparse", *arguments, dtype=torch.float64, **options)


ERRORS = (
    (lambda: _build(4, 6, 0), ValueError, "budget must lie between 1"),
    (lambda: _build(4, 6, 3, density=0.1), TypeError, "takes no options, got 'density'"),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget, seed): _build(*a),
        oracle=lambda numbers, a=(out, in_, seed): matrix(numbers, *a),
        trainable=min(budget, out * in_),
        errors=ERRORS,
    )
    for out, in_, budget, seed in ((6, 6, 8, 0), (4, 7, 50, 3), (7, 3, 9, 5), (1, 1, 1, 0))
]
