"""Cases of the low-rank family: two thin factors, and the truncated SVD of numpy."""

import numpy as np
import torch
from tests.contract.case import Case, Numbers

from prodsumnet import families


def product(numbers: Numbers) -> np.ndarray:
    """The product of the factors, which must be its own truncated singular value expansion."""
    dense = numbers["factors.0.weight"] @ numbers["factors.1.weight"]
    rank = numbers["factors.0.weight"].shape[1]
    u, s, v = np.linalg.svd(dense, full_matrices=False)
    return (u[:, :rank] * s[:rank]) @ v[:rank]


def _build(*arguments: object, **options: object):
    return families.build("low-rank", *arguments, dtype=torch.float64, **options)


ERRORS = (
    (lambda: _build(4, 6, 9), ValueError, "'low-rank' at 4×6 needs a budget of at least 10, got 9"),
    (lambda: _build(4, 6, 30, rank=2), TypeError, "takes no options, got 'rank'"),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget): _build(*a),
        oracle=product,
        trainable=trainable,
        linear=False,
        errors=ERRORS,
    )
    for out, in_, budget, trainable in ((6, 5, 25, 22), (4, 6, 1000, 40), (1, 1, 2, 2))
]
