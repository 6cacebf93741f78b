"""Cases of the dct family against scipy.fft, with JPEG's table of the zig-zag order."""

import numpy as np
import scipy.fft
import torch
from tests.contract.case import Case, Numbers

from prodsumnet import families

# ITU T.81, figure A.6: the place of every coefficient of a block of 4 by 4.
PLACES = np.array([[0, 1, 5, 6], [2, 4, 7, 12], [3, 8, 11, 13], [9, 10, 14, 15]])


def _build(*arguments: object, **options: object):
    return families.build("dct", *arguments, dtype=torch.float64, **options)


def order(sizes: tuple[int, ...]) -> np.ndarray:
    """Frequencies from the lowest on: those of a corner of the table, in its order."""
    places = PLACES[: sizes[0], : sizes[1]] if len(sizes) == 2 else np.arange(sizes[0])
    return np.argsort(places, axis=None)


def transform(sizes: tuple[int, ...]) -> np.ndarray:
    """The transform of every unit vector, lowest frequencies first."""
    n = int(np.prod(sizes))
    axes = tuple(range(1, 1 + len(sizes)))
    images = scipy.fft.dctn(np.eye(n).reshape(n, *sizes), axes=axes, norm="ortho")
    return images.reshape(n, n).T[order(sizes)]


def matrix(
    numbers: Numbers,
    out_axes: tuple[int, ...],
    axes: tuple[int, ...],
    form: str = "conjugated",
    sizes: object = None,
) -> np.ndarray:
    out, in_ = int(np.prod(out_axes)), int(np.prod(axes))
    core = np.zeros((out, in_))
    first = 0
    for weight in numbers.values():
        if weight.ndim == 2:
            core[: weight.shape[0], : weight.shape[1]] = weight
            first = max(weight.shape)
        else:
            k = np.arange(first, first + len(weight))
            core[k, k] = weight
    back = transform(out_axes).T if form == "conjugated" else np.eye(out)[:, order(out_axes)]
    return back @ core @ transform(axes)


ERRORS = (
    (lambda: _build(4, 4, 2, form="both"), ValueError, "form must be one of conjugated, scaled"),
    (lambda: _build(4, 4, 2, form=[]), ValueError, r"form must be one of .*, got \[\]"),
    (lambda: _build(8, 8, 2, sizes=(2, 2, 2)), ValueError, "sizes must be one or two integers"),
    (lambda: _build(8, 8, 2, sizes=(2, 3)), ValueError, "sizes must multiply to 8"),
    (lambda: _build(8, 8, 2, sizes=8), TypeError, "sizes must be a sequence of integers"),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{budget}",
        build=lambda a=(out, in_, budget), options=options: _build(*a, **options),
        oracle=lambda numbers, a=(out_sizes, sizes), options=options: matrix(
            numbers, *a, **options
        ),
        trainable=trainable,
        errors=ERRORS,
    )
    for out, in_, budget, trainable, out_sizes, sizes, options in (
        (12, 12, 12, 12, (3, 4), (3, 4), {}),
        (16, 16, 7, 7, (4, 4), (4, 4), {"form": "scaled"}),
        (16, 16, 41, 40, (4, 4), (4, 4), {"sizes": [4, 4]}),
        (6, 6, 20, 18, (6,), (6,), {"sizes": (6,), "form": "scaled"}),
        (3, 16, 30, 30, (3,), (4, 4), {}),
        (9, 5, 14, 13, (3, 3), (5,), {}),
        (12, 4, 40, 40, (3, 4), (2, 2), {"form": "scaled"}),
        (4, 5, 1000, 20, (2, 2), (5,), {}),
        (1, 1, 1, 1, (1,), (1,), {}),
    )
]
