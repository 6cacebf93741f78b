"""Cases of BlockSparse: blocks put one by one where the reference Philox says."""

import math

import numpy as np
from tests.contract import philox
from tests.contract.case import DTYPES, Case, reals

from prodsumnet.operators.block_sparse import BlockSparse


def matrix(out: int, in_: int, seed: int, weight: np.ndarray) -> np.ndarray:
    count, a, b = weight.shape
    rows, columns = out // a, in_ // b
    order = philox.permutation(seed, columns)
    dense = np.zeros((out, in_), dtype=weight.dtype)
    for t in range(count):
        i, j = t % rows, order[(t + t // math.lcm(rows, columns)) % columns]
        place = dense[i * a : (i + 1) * a, j * b : (j + 1) * b]
        assert not place.any()
        place += weight[t]
    return dense


ERRORS = (
    (lambda: BlockSparse(6, 6, 4, 2, 1), ValueError, "blocks of 4×2 do not divide a matrix of 6×6"),
    (lambda: BlockSparse(6, 6, 3, 5, 1), ValueError, "do not divide"),
    (lambda: BlockSparse(6, 6, 3, 2, 7), ValueError, "num_blocks must lie between 1 and 6, got 7"),
    (lambda: BlockSparse(6, 6, 3, 2, 0), ValueError, "num_blocks must lie between"),
    (lambda: BlockSparse(6, 6, 3, 0, 1), ValueError, "block_in_features must lie between"),
    (lambda: BlockSparse(6, 6, 3, 2, 1, seed=-1), ValueError, "seed must lie between 0"),
    (
        lambda: BlockSparse(2**20, 2**20, 1, 1, 2**35),
        ValueError,
        "num_blocks must lie between|hold",
    ),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{a}x{b}-{count}-{seed}-{dtype}",
        build=lambda s=(out, in_, a, b, count, seed), dtype=dtype: BlockSparse(*s, dtype=dtype),
        oracle=lambda numbers, s=(out, in_, seed): matrix(*s, numbers["weight"]),
        trainable=a * b * count * reals(dtype),
        errors=ERRORS,
    )
    for out, in_, a, b, count, seed in (
        (6, 8, 2, 2, 5, 0),
        (4, 6, 1, 3, 8, 2**40 + 7),
        (9, 4, 3, 1, 7, 5),
        (3, 5, 1, 1, 2, 1),
        (5, 3, 5, 3, 1, 2),
        (1, 1, 1, 1, 1, 0),
    )
    for dtype in DTYPES
]
