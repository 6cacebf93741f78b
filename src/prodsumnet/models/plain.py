"""A plain small convolutional network: what structured ones have to be compared with."""

import math
from itertools import pairwise

from torch import nn

from prodsumnet.models.reference import CLASSES, IMAGE
from prodsumnet.nn import Conv2d, Linear, Network
from prodsumnet.numerics import checks
from prodsumnet.operators import Dense, Ones, kron

MAX_BUDGET = 10_000_000

_GAIN = math.sqrt(2)
_SIZE = 7


def plain_cnn(budget: int = 15_000) -> Network:
    """Return a small convolutional network of the usual kind, as wide as the budget allows.

    Convolutions 3×3 from 1 to 2 w / 3 channels, to w and w at 14×14, and to w at 7×7, each with
    batch normalisation (Ioffe & Szegedy 2015) and ReLU, max-pooling 2 between the sizes, and
    averages over the image that lead to the logits (Lin et al. 2014). Nothing in it is structured:
    it is the baseline, and has at most ``budget`` trainable numbers, not always exactly as many.

    Running means and variances of the normalisation are stored beside the trained numbers.

    Parameters
    ----------
    budget : int, optional
        Largest number of trainable numbers, from the least network's to 10,000,000.

    Raises
    ------
    TypeError, ValueError
        If the budget is out of range.
    """
    budget = checks.bounded_int("budget", budget, _numbers(1), MAX_BUDGET)
    width = 1
    while _numbers(width + 1) <= budget:
        width += 1
    channels = _channels(width)
    layers: list[nn.Module] = []
    for position, (inner, outer) in enumerate(pairwise(channels)):
        kernel = Dense(outer, 9 * inner)
        kernel.reset_parameters(_GAIN)
        layers.append(Conv2d(inner, outer, 3, kernel, padding="same", bias=False))
        if position in (0, 2):
            layers.append(nn.MaxPool2d(2))  # first, so that the rest has a quarter of the work
        layers += [nn.BatchNorm2d(outer), nn.ReLU()]
    size = _SIZE**2
    mean = kron(Dense(CLASSES, channels[-1]), Ones(1, size)) / size
    mean.reset_parameters()
    last = Linear(channels[-1] * size, CLASSES, mean)
    return Network(*layers, nn.Flatten(), last, input_shape=IMAGE)


def _channels(width: int) -> tuple[int, ...]:
    return 1, max(1, 2 * width // 3), width, width, width


def _numbers(width: int) -> int:
    """Return the trainable numbers of a network of this width."""
    channels = _channels(width)
    kernels = sum(9 * a * b for a, b in pairwise(channels))
    return kernels + 2 * sum(channels[1:]) + (channels[-1] + 1) * CLASSES
