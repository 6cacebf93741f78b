"""Cases of the m-product: facewise products between transforms of scipy and numpy."""

import numpy as np
import scipy.fft
import scipy.linalg
import torch
from tests.contract import philox
from tests.contract.case import Case, Numbers

from prodsumnet import families
from prodsumnet.operators import Dense, Identity


def _build(*arguments: object, **options: object):
    return families.build("m-product", *arguments, dtype=torch.float64, **options)


def transform(name: str, tubes: int, seed: int) -> np.ndarray:
    dct = scipy.fft.dct(np.eye(tubes), axis=0, norm="ortho")
    if name == "random":
        first, second = philox.signs(seed, tubes), philox.signs(seed + 1, tubes)
        return dct @ np.diag(second) @ dct @ np.diag(first) @ dct
    return {"dct": dct, "hadamard": _hadamard(tubes), "identity": np.eye(tubes)}[name]


def _hadamard(tubes: int) -> np.ndarray:
    return scipy.linalg.hadamard(1 << (tubes - 1).bit_length())[:tubes, :tubes]


def matrix(numbers: Numbers, out: int, in_: int, name: str, seed: int) -> np.ndarray:
    faces = [face for weight in numbers.values() for face in weight]
    tubes = len(faces)
    m = transform(name, tubes, seed)
    if name == "identity":
        return scipy.linalg.block_diag(*faces)
    rows, columns = faces[0].shape
    back, forth = np.kron(np.linalg.inv(m), np.eye(rows)), np.kron(m, np.eye(columns))
    return (back @ scipy.linalg.block_diag(*faces) @ forth)[:out, :in_]


ERRORS = (
    (lambda: _build(4, 6, 5), ValueError, "'m-product' at 4×6 needs a budget of at least 6, got 5"),
    (lambda: _build(4, 6, 99, tubes=0), ValueError, "tubes must lie between 1 and 6, got 0"),
    (lambda: _build(4, 6, 99, tubes=1.5), TypeError, "tubes must be an integer"),
    (lambda: _build(4, 6, 99, transform="fft"), ValueError, "must be one of dct.*, got 'fft'"),
    (lambda: _build(4, 6, 99, transform=3), ValueError, "or an operator, got 3"),
    (
        lambda: _build(4, 6, 99, transform=Dense(2, 3)),
        ValueError,
        "transform must be square, got Dense",
    ),
    (lambda: _build(4, 6, 99, transform=Identity(4)), ValueError, "divide 4 and 6, got tubes=None"),
    (lambda: _build(4, 6, 99, transform=Identity(2), tubes=4), ValueError, "got tubes=4"),
    (lambda: _build(8, 6, 99, transform="hadamard", tubes=3), ValueError, "power of two"),
)

CASES = [
    Case(
        id=f"{name}-{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget, seed), options=options: _build(*a, **options),
        oracle=lambda numbers, a=(out, in_, name, seed): matrix(numbers, *a),
        trainable=trainable,
        errors=ERRORS,
    )
    for name, out, in_, budget, seed, options, trainable in (
        ("dct", 6, 6, 20, 0, {}, 20),
        ("dct", 13, 11, 40, 0, {}, 40),
        ("dct", 4, 12, 24, 0, {"tubes": 2}, 24),
        ("hadamard", 7, 9, 30, 0, {"transform": "hadamard"}, 24),
        ("random", 8, 5, 20, 3, {"transform": "random"}, 18),
        ("random", 3, 5, 20, 5, {"transform": "random", "tubes": 2}, 12),
        ("identity", 7, 9, 30, 0, {"transform": "identity"}, 21),
        ("dct", 1, 1, 1, 0, {}, 1),
    )
]
