"""Cases of the block-sparse family: blocks put one by one where the reference Philox says."""

import math

import numpy as np
import torch
from tests.contract import philox
from tests.contract.case import Case, Numbers

from prodsumnet import families


def matrix(numbers: Numbers, out: int, in_: int, seed: int) -> np.ndarray:
    (weight,) = numbers.values()
    count, a, b = weight.shape
    rows, columns = out // a, in_ // b
    order = philox.permutation(seed, columns)
    places = [(t % rows, order[(t + t // math.lcm(rows, columns)) % columns]) for t in range(count)]
    assert len(set(places)) == count
    dense = np.zeros((rows, columns, a, b))
    for block, place in zip(weight, places, strict=True):
        dense[place] = block
    return np.block([[dense[i, j] for j in range(columns)] for i in range(rows)])


def _build(*arguments: object, **options: object):
    return families.build("block-sparse", *arguments, dtype=torch.float64, **options)


ERRORS = (
    (lambda: _build(4, 6, 3, block=0), ValueError, "block must lie between 1"),
    (lambda: _build(4, 6, 3, block="2"), TypeError, "block must be an integer"),
    (lambda: _build(4, 6, 3, size=2), TypeError, "takes the options block, got 'size'"),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}" + f"-{options}" * bool(options),
        build=lambda a=(out, in_, budget, seed), o=options: _build(*a, **o),
        oracle=lambda numbers, a=(out, in_, seed): matrix(numbers, *a),
        trainable=trainable,
        errors=ERRORS,
    )
    for out, in_, budget, seed, options, trainable in (
        (8, 8, 45, 0, {}, 32),
        (8, 8, 45, 0, {"block": 2}, 44),
        (6, 9, 30, 4, {}, 27),
        (7, 3, 9, 5, {}, 9),
        (4, 6, 99, 2, {}, 24),
        (1, 1, 1, 0, {}, 1),
    )
]
