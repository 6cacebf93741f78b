"""A convolutional network whose layers share one kernel: depth without numbers."""

import math

from torch import nn

from prodsumnet.models.reference import CLASSES, IMAGE
from prodsumnet.nn import Conv2d, Linear, Network
from prodsumnet.numerics import checks
from prodsumnet.operators import Dense, Hashed, Identity, LinearOperator, Ones, Slice, kron

MAX_BUDGET = 100_000
MAX_DEPTH = 10
"""Largest number of layers in one stage."""

_GAIN = math.sqrt(2)
_REST = 0.1
_STAGES, _PLACES = 2, 49


def tied_cnn(budget: int = 15_000, depth: int = 3, seed: int = 0) -> Network:
    r"""Return ``1 + 2 * depth`` convolutions with exactly ``budget`` trainable numbers in all.

    A convolution 3×3 makes w channels. Then follow two stages, of images 14×14 and 7×7, of
    ``depth`` convolutions 3×3 each, all of which have the same kernel matrix :math:`E + A`: the
    kernel that changes nothing, E (Zagoruyko & Komodakis 2017), plus a dense matrix A of 9 w²
    numbers that all share (as in the recurrent networks of Liang & Hu 2015). A layer's own are the
    scales and shifts of its batch normalisation alone. Averages over the image lead to the logits.

    The network is as wide as the budget allows. The numbers that are left, always fewer than one
    more channel takes, are hashed into a matrix (Chen et al. 2015) that is added to the averages':
    it lets the logits depend on places too.

    Running means and variances of the normalisation are stored beside the trained numbers.

    Parameters
    ----------
    budget : int, optional
        Number of trainable numbers, from the least network's to 100,000.
    depth : int, optional
        Convolutions in one stage, from 1 to 10.
    seed : int, optional
        Of the hashing.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.
    """
    depth = checks.bounded_int("depth", depth, 1, MAX_DEPTH)
    budget = checks.bounded_int("budget", budget, _entries(1, depth), MAX_BUDGET)
    seed = checks.seed_int(seed)
    width = 1
    while _entries(width + 1, depth) <= budget:
        width += 1
    tied = kron(Identity(width), Slice(9, 4, 5)) + _drawn(Dense(width, 9 * width), _GAIN)
    kernels = [_drawn(Dense(width, 9), _GAIN), *[tied] * _STAGES * depth]
    layers: list[nn.Module] = []
    for position, kernel in enumerate(kernels):
        channels = width if position else 1
        layers.append(Conv2d(channels, width, 3, kernel, padding="same", bias=False))
        if position in (0, depth):
            layers.append(nn.MaxPool2d(2))  # first, so that the rest has a quarter of the work
        layers += [nn.BatchNorm2d(width), nn.ReLU()]
    features = width * _PLACES
    read = _drawn(kron(Dense(CLASSES, width), Ones(1, _PLACES)) / _PLACES, 1.0)
    if rest := budget - _entries(width, depth):
        read += _drawn(Hashed(CLASSES, features, rest, seed), _REST)
    return Network(*layers, nn.Flatten(), Linear(features, CLASSES, read), input_shape=IMAGE)


def _entries(width: int, depth: int) -> int:
    """Return the trainable numbers of a network of this width."""
    kernels, norms = 9 * width + 9 * width**2, 2 * width * (1 + _STAGES * depth)
    return kernels + norms + (width + 1) * CLASSES


def _drawn(operator: LinearOperator, gain: float) -> LinearOperator:
    operator.reset_parameters(gain)
    return operator
