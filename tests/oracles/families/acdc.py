"""Cases of the acdc family against scipy.fft."""

import numpy as np
import scipy.fft
import torch
from tests.contract import philox
from tests.contract.case import Case, Numbers

from prodsumnet import families


def _build(*arguments: object, **options: object):
    return families.build("acdc", *arguments, dtype=torch.float64, **options)


def matrix(numbers: Numbers, out: int, in_: int, seed: int, trained: tuple[str, ...]) -> np.ndarray:
    """Layer after layer from the input; a word names the trained diagonals of one."""
    size = max(out, in_)
    cosines = scipy.fft.dct(np.eye(size), norm="ortho", axis=0)
    gain, *diagonals = numbers.values()
    # The expression lists them from the output.
    diagonals.reverse()

    def diagonal(features: int, key: int, free: bool) -> np.ndarray:
        signs = philox.signs(key, features)
        return np.diag(np.sqrt(0.98) * signs + diagonals.pop(0) if free else signs)

    found = np.eye(size, in_)
    for layer, word in enumerate(trained):
        key = seed + 2 * layer
        if layer:
            found = diagonal(size, key, "A" in word) @ found[philox.permutation(key, size)]
        else:
            found = found @ diagonal(in_, key, "A" in word)
        found = cosines.T @ diagonal(size, key + 1, True) @ cosines @ found
    assert not diagonals
    return gain[0] * np.sqrt(size / in_) * found[:out]


ERRORS = ((lambda: _build(4, 6, 6), ValueError, "needs a budget of at least 7, got 6"),)

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget, 2): _build(*a),
        oracle=lambda numbers, a=(out, in_, 2, trained): matrix(numbers, *a),
        trainable=trainable,
        linear=False,
        errors=ERRORS,
    )
    for out, in_, budget, trainable, trained in (
        (6, 6, 7, 7, ("D",)),
        (6, 6, 18, 13, ("AD",)),
        (5, 5, 21, 21, ("AD", "AD")),
        (3, 7, 22, 22, ("AD", "D")),
        (8, 3, 18, 17, ("D", "D")),
        (2, 4, 26, 25, ("AD", "AD", "AD")),
        (1, 1, 2, 2, ("D",)),
    )
]
