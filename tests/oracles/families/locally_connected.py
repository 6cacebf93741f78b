"""Cases of the locally-connected family: adjacency masks and their products by numpy."""

import functools

import numpy as np
import torch
from tests.contract.case import Case, Numbers
from tests.oracles.families.permutation import spread

from prodsumnet import families


def line(size: int) -> np.ndarray:
    return np.eye(size) + np.eye(size, k=1) + np.eye(size, k=-1)


def ring(size: int) -> np.ndarray:
    return line(size) + np.roll(np.eye(size), 1, axis=0) + np.roll(np.eye(size), -1, axis=0)


def grid(rows: int, columns: int) -> np.ndarray:
    return np.kron(line(rows), np.eye(columns)) + np.kron(np.eye(rows), line(columns))


ADJACENCY = np.array(
    [
        [0, 1, 1, 0, 1],
        [1, 0, 1, 0, 0],
        [1, 1, 0, 1, 0],
        [0, 0, 1, 0, 0],
        [1, 0, 0, 0, 0],
    ],
    dtype=bool,
)


def step(weight: np.ndarray, mask: np.ndarray, size: int) -> np.ndarray:
    """Numbers where the mask is not zero; other nodes stay as they are."""
    dense = np.zeros(mask.shape)
    dense[mask != 0] = weight
    idle = np.eye(size)
    idle[: len(mask), : len(mask)] = dense
    return idle


def matrix(numbers: Numbers, out: int, in_: int, seed: int, masks: list) -> np.ndarray:
    size = len(masks[0])
    steps = [step(w, mask, size) for w, mask in zip(numbers.values(), masks, strict=True)]
    return functools.reduce(np.matmul, [spread(out, size, seed), *steps, spread(size, in_, seed)])


def _build(*arguments: object, **options: object):
    return families.build("locally-connected", *arguments, dtype=torch.float64, **options)


ERRORS = (
    (lambda: _build(4, 5, 14), ValueError, "'locally-connected' at 4×5 needs a budget of at least"),
    (lambda: _build(4, 4, 29, steps=3), ValueError, "needs a budget of at least 36, got 29"),
)

CASES = [
    Case(
        id=f"{name}-{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget, seed), o=options: _build(*a, **o),
        oracle=lambda numbers, a=(out, in_, seed, masks): matrix(numbers, *a),
        trainable=sum(int((mask != 0).sum()) for mask in masks),
        linear=len(masks) == 1,
        errors=ERRORS,
    )
    for name, out, in_, budget, seed, options, masks in (
        ("ring", 5, 5, 38, 0, {}, [ring(5), ring(5), line(3)]),
        ("grid", 9, 9, 48, 0, {}, [grid(3, 3), grid(1, 3)]),
        ("grid", 4, 9, 55, 2, {}, [grid(3, 3), grid(2, 3)]),
        ("line", 8, 3, 22, 4, {"graph": "line"}, [line(8)]),
        ("grid", 6, 6, 200, 1, {"graph": "grid", "steps": 2}, [grid(2, 3)] * 2),
        ("sizes", 4, 5, 38, 3, {"sizes": (2, 4)}, [grid(2, 4), line(4)]),
        ("steps", 6, 6, 50, 0, {"graph": "line", "steps": 1}, [line(6)]),
        (
            "adjacency",
            5,
            5,
            26,
            0,
            {"adjacency": ADJACENCY},
            [ADJACENCY + np.eye(5), ADJACENCY[:3, :3] + np.eye(3)],
        ),
        ("ring", 1, 1, 1, 0, {}, [line(1)]),
    )
]
