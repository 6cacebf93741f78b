"""Cases of the diffractive family against the angular spectrum by numpy."""

import math

import numpy as np
import torch
from tests.contract.case import Case, Numbers
from tests.oracles import phases, propagation

from prodsumnet import families

LIN = (0.75e-3, 0.4e-3, 30e-3)


def _build(*arguments: object, **options: object):
    return families.build("diffractive", *arguments, dtype=torch.float64, **options)


def window(grid: tuple[int, int], features: int) -> np.ndarray:
    """A near square in the middle, filled row by row."""
    rows, columns = grid
    side = math.ceil(math.sqrt(features))
    height = max(min(rows, side), math.ceil(features / columns))
    width = math.ceil(features / height)
    plane = np.arange(rows * columns).reshape(grid)
    top, left = (rows - height) // 2, (columns - width) // 2
    return plane[top : top + height, left : left + width].reshape(-1)[:features]


def matrix(
    numbers: Numbers, out: int, in_: int, grid: tuple[int, int], lengths: tuple[float, ...]
) -> np.ndarray:
    gain, *masks = numbers.values()
    points = grid[0] * grid[1]
    step = propagation.periodic(*grid, *lengths)
    field = np.eye(points)[:, window(grid, in_)]
    # As in every product, the first factor is the last one that light passes.
    for mask in reversed(masks):
        field = phases.matrix(mask, points) @ step @ field
    return gain[0] * (step @ field)[window(grid, out)]


ERRORS = (
    (lambda: _build(4, 4, 2), ValueError, "'diffractive' at 4×4 needs a budget of at least 3, got"),
    (lambda: _build(4, 4, 6, layers=3), ValueError, "needs a budget of at least 7, got 6"),
    (lambda: _build(4, 4, 99, layers=0), ValueError, "layers must lie between 1 and 32, got 0"),
    (lambda: _build(4, 4, 99, sizes=(1, 3)), ValueError, "sizes must give a grid of at least 4"),
    (lambda: _build(4, 4, 99, sizes=(2, 2, 2)), ValueError, "sizes must be an integer or 2"),
    (lambda: _build(4, 4, 99, pitch=-1.0), ValueError, "pitch must be a positive finite number"),
    (lambda: _build(4, 4, 99, depth=2), TypeError, "takes the options sizes, layers, wavelength"),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}-{len(options)}",
        build=lambda a=(out, in_, budget), options=options: _build(*a, **options),
        oracle=lambda numbers, a=(out, in_, grid, lengths): matrix(numbers, *a),
        trainable=trainable,
        linear=False,
        errors=ERRORS,
    )
    for out, in_, budget, trainable, grid, lengths, options in (
        (9, 9, 28, 28, (3, 3), LIN, {}),
        (4, 7, 12, 12, (3, 3), LIN, {}),
        (10, 3, 6, 6, (4, 4), LIN, {}),
        (1, 1, 3, 3, (2, 2), LIN, {}),
        (2, 6, 99, 49, (3, 8), LIN, {"sizes": (3, 8), "layers": 2}),
        (
            5,
            3,
            12,
            12,
            (2, 4),
            (0.5, 0.25, 1.5),
            {"sizes": (2, 4), "wavelength": 0.5, "pitch": 0.25, "distance": 1.5},
        ),
    )
]
