"""Cases of the convolution family: torch's layers, of the geometry expected, on unit inputs."""

import numpy as np
import torch
from tests.contract.case import Case, Misuse, Numbers
from tests.oracles.convolution_2d import matrix

from prodsumnet import families

Kernels = tuple[tuple[int, ...], ...]
"""Sizes of the kernels of each part, wider ones first."""


def expected(
    numbers: Numbers, out: int, sizes: tuple[int, ...], kernels: Kernels, options: dict
) -> np.ndarray:
    """The outputs of all kernels one after the other, of which the first ``out`` are kept."""
    parts = [
        matrix(weight, sizes, kernel_size=size, **_at(options, part))
        for part, (weight, size) in enumerate(zip(numbers.values(), kernels, strict=True))
    ]
    return np.concatenate(parts)[:out]


def _at(options: dict, part: int) -> dict:
    """The options of one part: a list has one entry for each."""
    return {key: v[part] if isinstance(v, list) else v for key, v in options.items()}


def cases(family: str, errors: tuple[Misuse, ...], rows: tuple[tuple, ...]) -> list[Case]:
    """Cases from rows of what is asked, and of what torch's layers are to be.

    A row is out, in and budget with the options; then sizes of the image, the parts' kernels, what
    else their layers have, and the number of numbers.
    """

    def build(out: int, in_: int, budget: int, options: dict):
        return families.build(family, out, in_, budget, dtype=torch.float64, **options)

    return [
        Case(
            id="-".join([f"{out}x{in_}-{budget}", *map(str, options)]),
            build=lambda a=(out, in_, budget, options): build(*a),
            oracle=lambda numbers, a=(out, *layers): expected(numbers, *a),
            trainable=trainable,
            errors=errors,
        )
        for (out, in_, budget, options), layers, trainable in rows
    ]


def _build(*arguments: object, **options: object):
    return families.build("convolution", *arguments, **options)


ERRORS = (
    (lambda: _build(12, 5, 2), ValueError, "'convolution' at 12×5 needs a budget of at least 3"),
    (lambda: _build(4, 6, 9, dilation=2), TypeError, "takes the options input_size, in_channels"),
    (lambda: _build(4, 6, 9, in_channels=4), ValueError, "must multiply to in_features, got 4×1"),
    (lambda: _build(4, 6, 9, in_channels=0), ValueError, "in_channels must lie between 1"),
    (lambda: _build(4, 6, 9, input_size=(2, 2)), ValueError, "in_features, got 1×2×2 for 6"),
    (lambda: _build(4, 6, 9, input_size=(1, 1, 2, 3)), ValueError, "must have 1, 2 or 3 axes"),
    (lambda: _build(4, 6, 9, input_size="6"), ValueError, "must be an integer or 1 integers"),
    (lambda: _build(4, 6, 9, input_size=(2, 3), kernel_size=3), ValueError, r"\(3, 3\) with dilat"),
    (lambda: _build(4, 6, 9, stride=(1, 1)), ValueError, "stride must be an integer or 1 integers"),
    (lambda: _build(4, 6, 9, groups=2), ValueError, "groups must divide the 1 channels"),
    (lambda: _build(4, 6, 9, padding_mode="wrap"), ValueError, "must be one of .* got 'wrap'"),
    (
        lambda: _build(3, 6, 9, input_size=3, stride=1, groups=2),
        ValueError,
        "no convolution of 2×3 features has 3 outputs that see every number of kernel_size None",
    ),
)

CASES = cases(
    "convolution",
    ERRORS,
    (
        ((16, 16, 36, {}), ((4, 4), ((3, 3),), {"stride": 2, "padding": 1}), 36),
        # Two kernels of four positions, the first one wider, and two outputs of the second.
        (
            (6, 16, 20, {}),
            ((4, 4), ((3, 4), (2, 4)), {"stride": 2, "padding": [(1, 1), (0, 1)]}),
            20,
        ),
        ((11, 7, 30, {}), ((7,), ((7,),), {"stride": 2, "padding": 3}), 21),
        ((9, 9, 7, {}), ((3, 3), ((2, 3),), {"padding": "same"}), 6),
        ((1, 1, 1, {}), ((1,), ((1,),), {}), 1),
        (
            (10, 16, 11, {"padding_mode": "circular", "stride": 2}),
            (
                (4, 4),
                ((1, 4), (1, 3)),
                {"stride": 2, "padding": (0, 1), "padding_mode": "circular"},
            ),
            11,
        ),
        (
            (6, 15, 14, {"padding_mode": "reflect"}),
            ((3, 5), ((3, 4),), {"padding": "same", "padding_mode": "reflect"}),
            12,
        ),
        (
            (8, 16, 18, {"in_channels": 2, "kernel_size": 3, "stride": 2, "input_size": 8}),
            ((8,), ((3,),), {"stride": 2, "padding": 1}),
            12,
        ),
        # Depthwise: two kernels for each channel of the input.
        (
            (16, 16, 28, {"input_size": (4, 2), "in_channels": 2, "groups": 2, "stride": (1, 2)}),
            ((4, 2), ((3, 2),), {"stride": (1, 2), "padding": (1, 0), "groups": 2}),
            24,
        ),
        (
            (8, 12, 12, {"input_size": (3, 2, 2)}),
            ((3, 2, 2), ((3, 2, 2),), {"padding": "same"}),
            12,
        ),
    ),
)
