"""Cases of the optical-correlator family against numpy's transforms of images."""

import numpy as np
import torch
from tests.contract import philox
from tests.contract.case import Case, Numbers
from tests.oracles.families import fourier
from tests.oracles.fourier_filter import lowest

from prodsumnet import families


def _build(*arguments: object, **options: object):
    return families.build("optical-correlator", *arguments, dtype=torch.float64, **options)


def correlator(sizes: tuple[int, ...], window: np.ndarray) -> np.ndarray:
    """The image of every point source: a transform, the open window, a transform again."""
    n = int(np.prod(sizes))
    axes = tuple(range(1, 1 + len(sizes)))
    plane = np.zeros(sizes, dtype=complex)
    for k, value in zip(lowest(sizes, len(window)), window, strict=True):
        plane[k] = value
    images = np.fft.fftn(np.eye(n).reshape(n, *sizes), axes=axes, norm="ortho")
    images = np.fft.fftn(images * plane, axes=axes, norm="ortho")
    return images.reshape(n, n).T


def matrix(
    numbers: Numbers, sizes: tuple[int, ...], out: int, in_: int, frequencies: tuple[int, ...]
) -> np.ndarray:
    given = list(numbers.values())
    planes = [given.pop(0).reshape(-1, count) for count in frequencies]
    filters = [np.vstack([correlator(sizes, w) for w in plane]) for plane in planes]
    terms = sum(plane.size for plane in planes) // (-(-out // in_) * in_)
    found = fourier.combine(filters, terms, out, in_, 3)
    for rest in given:
        support = philox.subset(3 + 0x5EED, out * in_, len(rest))
        found.flat[support] += rest
    return found


ERRORS = (
    (lambda: _build(9, 4, 5), ValueError, "needs a budget of at least 6, got 5"),
    (lambda: _build(9, 4, 9, sizes=(2, 3)), ValueError, r"sizes must multiply to 4, got \(2, 3\)"),
)

CASES = [
    Case(
        id=f"{out}x{in_}-{trainable}",
        build=lambda a=(out, in_, budget, 3), options=options: _build(*a, **options),
        oracle=lambda numbers, a=(sizes, out, in_, frequencies): matrix(numbers, *a),
        trainable=trainable,
        errors=ERRORS,
    )
    for out, in_, budget, trainable, sizes, frequencies, options in (
        (9, 9, 18, 18, (3, 3), (9,), {}),
        (6, 6, 9, 8, (2, 3), (4,), {}),
        (6, 6, 9, 9, (2, 3), (4,), {"exact": True}),
        (4, 4, 26, 26, (4,), (4, 4, 1), {"sizes": (4,)}),
        (3, 8, 21, 20, (2, 4), (8, 2), {}),
        (7, 3, 13, 12, (3,), (2,), {}),
        (1, 1, 2, 2, (1,), (1,), {}),
    )
]
