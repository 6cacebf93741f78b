"""The diffractive network: phase masks in a beam of light, and ten detectors."""

import math

from torch import nn

from prodsumnet.models.reference import CLASSES, IMAGE
from prodsumnet.nn import DetectorRegions, Intensity, Linear, Network
from prodsumnet.operators import LinearOperator, Phases, Product, Propagation, Selection

GRID = 56
LAYERS = 5


def diffractive_network() -> Network:
    """Return five phase masks that send each digit's light to its detector (Lin et al. 2018).

    The image is the amplitude of the field in the middle of a grid of 56×56 points, at the
    wavelength and the distances of the paper (0.75 mm, points of 0.4 mm, planes 30 mm apart). It
    propagates freely from mask to mask and to the detectors, which read intensities. 15,680
    phases are trained, and nothing else; the paper has five masks of 200×200.
    """
    points, pixels = GRID * GRID, math.prod(IMAGE)
    start = (GRID - IMAGE[1]) // 2
    window = [
        (start + row) * GRID + start + column
        for row in range(IMAGE[1])
        for column in range(IMAGE[2])
    ]
    step = Propagation((GRID, GRID), wavelength=0.75e-3, pitch=0.4e-3, distance=30e-3)
    masks = [Phases(points) for _ in range(LAYERS)]
    planes: list[LinearOperator] = [factor for mask in masks for factor in (step, mask)]
    optics = Product(step, *reversed(planes), Selection(points, window).H)
    return Network(
        nn.Flatten(),
        Linear(pixels, points, optics, bias=False),
        Intensity(),
        DetectorRegions(GRID, GRID, CLASSES, size=4, scale=40),
        input_shape=IMAGE,
    )
