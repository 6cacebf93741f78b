"""Cases of SparseSigns: rows and signs by the reference Philox, column by column."""

import numpy as np
from tests.contract import philox
from tests.contract.case import Case

from prodsumnet.operators.sparse_signs import SparseSigns


def matrix(out: int, in_: int, count: int, seed: int) -> np.ndarray:
    dense = np.zeros((out, in_))
    signs = philox.signs(seed, count, in_)
    for c in range(count):
        start, stop = c * out // count, (c + 1) * out // count
        words = ((philox.word(seed, philox.KEYS, c * in_ + j), j) for j in range(in_))
        for place, (_, j) in enumerate(sorted(words)):
            dense[start + j % (stop - start), place] = signs[c, place]
    assert ((dense != 0).sum(axis=0) == count).all()
    return dense * np.sqrt(out / (in_ * count))


ERRORS = (
    (lambda: SparseSigns(3, 5, 4), ValueError, "num_nonzeros must lie between 1 and 3, got 4"),
    (lambda: SparseSigns(3, 5, 0), ValueError, "num_nonzeros must lie between"),
    (lambda: SparseSigns(3, 5, 2, seed=-1), ValueError, "seed must lie between 0"),
    (lambda: SparseSigns(2**20, 2**20, 2**20), ValueError, "SparseSigns would hold"),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{count}-{seed}",
        build=lambda a=(out, in_, count, seed): SparseSigns(*a),
        oracle=lambda numbers, a=(out, in_, count, seed): matrix(*a),
        trainable=0,
        errors=ERRORS,
    )
    for out, in_, count, seed in (
        (6, 9, 3, 0),
        (5, 8, 2, 2**50 + 1),
        (4, 4, 4, 7),
        (7, 3, 2, 1),
        (3, 10, 1, 5),
        (1, 1, 1, 0),
    )
]
