"""Cases of the cellular family: explicit Euler steps of every cell, from every unit input."""

import itertools
import math

import numpy as np
import torch
from tests.contract.case import Case, Numbers
from tests.oracles.families.convolution import Kernels
from tests.oracles.families.convolution import expected as driven

from prodsumnet import families


def coupled(cells: np.ndarray, templates: np.ndarray) -> np.ndarray:
    """``A * x`` cell by cell, a template for each channel; beyond the grid there is nothing."""
    result = np.zeros_like(cells)
    for at in itertools.product(*map(range, cells.shape[1:])):
        for tap in itertools.product(*map(range, templates.shape[1:])):
            near = tuple(
                a + t - k // 2 for a, t, k in zip(at, tap, templates.shape[1:], strict=True)
            )
            if all(0 <= n < size for n, size in zip(near, cells.shape[1:], strict=True)):
                result[(slice(None), *at)] += (
                    templates[(slice(None), *tap)] * cells[(slice(None), *near)]
                )
    return result


def states(
    numbers: Numbers,
    out: int,
    grid: tuple[int, ...],
    euler: tuple[int, float],
    sizes: tuple[int, ...],
    kernels: Kernels,
    options: dict,
) -> np.ndarray:
    """The states after the steps, a column for each unit input; the first ``out`` are kept."""
    feedback, *control = numbers.values()
    channels, (steps, step) = len(feedback), euler
    drive = driven(dict(enumerate(control)), channels * math.prod(grid), sizes, kernels, options)
    templates = feedback.reshape(channels, *(3 if cells > 1 else 1 for cells in grid))
    columns = []
    for w in drive.T:
        x = np.zeros((channels, *grid))
        for _ in range(steps):
            x = x + step * (-x + coupled(x, templates) + w.reshape(x.shape))
        columns.append(x.ravel()[:out])
    return np.stack(columns, axis=1)


def _build(*arguments: object, **options: object):
    return families.build("cellular", *arguments, dtype=torch.float64, **options)


ERRORS = (
    (lambda: _build(9, 9, 9), ValueError, "'cellular' at 9×9 needs a budget of at least 10, got 9"),
    (lambda: _build(9, 9, 20, rate=2), TypeError, "takes the options .*steps, step, got 'rate'"),
    (lambda: _build(9, 9, 20, steps=1), ValueError, "steps must lie between 2 and 16, got 1"),
    (lambda: _build(9, 9, 20, steps=2.5), TypeError, "steps must be an integer, got 2.5"),
    (lambda: _build(9, 9, 20, step=0), ValueError, "above 0 and at most 1, got 0"),
    (lambda: _build(9, 9, 20, step=1.5), ValueError, "above 0 and at most 1, got 1.5"),
    (lambda: _build(9, 9, 20, step=True), TypeError, "step must be a number, got True"),
    (lambda: _build(9, 9, 20, input_size=(2, 3)), ValueError, "must multiply to in_features"),
    # The last of three channels would have one cell, which no template sees from both sides.
    (lambda: _build(7, 3, 40, stride=1), ValueError, "has 7 outputs that see every number"),
)

CASES = [
    Case(
        id="-".join([f"{out}x{in_}-{budget}", *map(str, options)]),
        build=lambda a=(out, in_, budget), o=options: _build(*a, **o),
        oracle=lambda numbers, a=(out, grid, euler, *layers): states(numbers, *a),
        trainable=trainable,
        linear=False,
        errors=ERRORS,
    )
    for (out, in_, budget, options), grid, euler, layers, trainable in (
        (
            (16, 16, 18, {"kernel_size": 3, "stride": 1}),
            (4, 4),
            (4, 0.25),
            ((4, 4), ((3, 3),), {"padding": "same"}),
            18,
        ),
        (
            (5, 9, 20, {"steps": 3, "step": 0.5}),
            (1, 3),
            (3, 0.5),
            ((3, 3), ((2, 3),), {"stride": (3, 1), "padding": (0, 1)}),
            18,
        ),
        ((11, 7, 30, {}), (4,), (4, 0.25), ((7,), ((7,),), {"stride": 2, "padding": 3}), 30),
        (
            (8, 12, 40, {"steps": 2, "step": 1}),
            (1, 2),
            (2, 1),
            ((3, 4), ((3, 3), (2, 3)), {"stride": (3, 2), "padding": (0, 1)}),
            39,
        ),
        ((1, 1, 2, {}), (1,), (4, 0.25), ((1,), ((1,),), {}), 2),
        (
            (8, 16, 30, {"in_channels": 2, "input_size": 8, "stride": 2}),
            (4,),
            (4, 0.25),
            ((8,), ((6,),), {"stride": 2, "padding": 2}),
            30,
        ),
        (
            (12, 4, 32, {}),
            (2,),
            (4, 0.25),
            ((4,), ((3,), (2,)), {"stride": 2, "padding": [1, 0]}),
            32,
        ),
        ((14, 16, 30, {}), (4, 4), (4, 0.25), ((4, 4), ((4, 4),), {"padding": "same"}), 25),
    )
]
