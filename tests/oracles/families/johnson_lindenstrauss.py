"""Cases of the johnson-lindenstrauss family: its fixed part by scipy.linalg.hadamard."""

import numpy as np
import scipy.linalg
import torch
from tests.contract import philox
from tests.contract.case import Case, Numbers

from prodsumnet import families

OFFSET = 0xF717


def sparse_signs(k: int, n: int, count: int, seed: int) -> np.ndarray:
    """One sign for each column and each of ``count`` ranges of rows."""
    signs, dense = philox.signs(seed, count, n), np.zeros((k, n))
    for c in range(count):
        start, stop = c * k // count, (c + 1) * k // count
        order = sorted((philox.word(seed, philox.KEYS, c * n + j), j) for j in range(n))
        for column, (_, j) in enumerate(order):
            dense[start + j % (stop - start), column] = signs[c, column]
    return dense * np.sqrt(k / (n * count))


def transform(k: int, n: int, seed: int, count: int = 4) -> np.ndarray:
    """The fixed part ``P H S``, of shape ``(k, n)``."""
    size = 2 ** int(np.ceil(np.log2(n)))
    hadamard = scipy.linalg.hadamard(size) / np.sqrt(size)
    sparse = sparse_signs(k, size, min(count, k), seed + OFFSET)
    return (sparse @ hadamard)[:, :n] * philox.signs(seed, n)


def matrix(numbers: Numbers, out: int, in_: int, seed: int, count: int) -> np.ndarray:
    (weight,) = numbers.values()
    if weight.shape == (out, in_):
        return weight
    if weight.shape[0] == out:
        return weight @ transform(weight.shape[1], in_, seed, count)
    return transform(weight.shape[0], out, seed, count).T @ weight


def _build(*arguments: object, **options: object):
    return families.build("johnson-lindenstrauss", *arguments, dtype=torch.float64, **options)


ERRORS = (
    (lambda: _build(4, 6, 3), ValueError, "needs a budget of at least 4, got 3"),
    (lambda: _build(4, 6, 9, num_nonzeros=0), ValueError, "num_nonzeros must lie between 1"),
    (lambda: _build(4, 6, 9, num_nonzeros=1.5), TypeError, "num_nonzeros must be an integer"),
    (lambda: _build(4, 6, 9, rank=2), TypeError, "takes the options num_nonzeros, got 'rank'"),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}-{count}",
        build=lambda a=(out, in_, budget, seed), c=count: _build(*a, num_nonzeros=c),
        oracle=lambda numbers, a=(out, in_, seed, count): matrix(numbers, *a),
        trainable=trainable,
        errors=ERRORS,
    )
    for out, in_, budget, seed, count, trainable in (
        (8, 8, 44, 0, 4, 40),
        (3, 9, 11, 1, 4, 9),
        (4, 7, 14, 2, 2, 14),
        (11, 4, 21, 3, 4, 20),
        (4, 6, 30, 5, 4, 24),
        (1, 1, 1, 0, 1, 1),
    )
]
