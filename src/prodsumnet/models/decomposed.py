"""The reference network with every operator a product of sums, at an exact number of parameters."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from prodsumnet.models.reference import CLASSES, IMAGE
from prodsumnet.nn import Bias, Conv2d, Linear, Network
from prodsumnet.numerics import checks
from prodsumnet.operators import (
    DCT,
    Dense,
    Hashed,
    Identity,
    KhatriRao,
    LinearOperator,
    Ones,
    RandomSigns,
    Selection,
    Zero,
    kron,
    kronecker_stack,
    stacked_kronecker_sum,
)

MAX_BUDGET = 100_000
"""Largest budget; beyond it the sums have more terms than the matrices have use for."""

_GAIN = math.sqrt(2)
_MAX_FACTORS = 4096


@dataclass(frozen=True)
class Terms:
    """How many terms the sums of the decomposed network have.

    Parameters
    ----------
    mixing : int
        Kronecker products in the pointwise mixing of the second convolution.
    hidden : int
        Kronecker products in the large linear layer.
    rank : int
        CP rank of the last layer.
    """

    mixing: int
    hidden: int
    rank: int


Matrix = Callable[[int, int], LinearOperator]
"""Makes the factor of a shape; of what, is decided by who calls the structure."""


def decomposed_cnn(budget: int, seed: int = 0) -> Network:
    r"""Return the reference topology with exactly ``budget`` trainable numbers.

    Each of the four operators is a product of sums (the structure is in `_layers`), of factors that
    are small matrices. With a budget for all their entries the factors are free. With less, a
    factor of n entries keeps its share k of the budget and is a seeded matrix of signs plus k
    numbers hashed into its entries: Wu's :math:`A^0 + \\sum_k \\theta_k A^k` (compare Li et al. 2018,
    who train in a random subspace). So the budget is a dial down to a single number.

    Input images are normalised to unit mean square, and so are the hidden features, each sample by
    itself: nothing about the data is stored but the trained numbers.

    Parameters
    ----------
    budget : int
        Number of trainable numbers, biases included, from 1 to 100,000.
    seed : int, optional
        Of the fixed parts of the factors.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.
    """
    budget = checks.positive_int("budget", budget, MAX_BUDGET)
    seed = checks.bounded_int("seed", seed, 0, 2**31 - 1)
    terms = terms_for(budget)
    sizes: list[int] = []

    def measure(out_features: int, in_features: int) -> LinearOperator:
        sizes.append(out_features * in_features)
        return Dense(out_features, in_features, device="meta")

    _layers(terms, measure, measure)
    shares = iter(enumerate(apportion(budget, sizes), start=seed * _MAX_FACTORS))

    def weight(out_features: int, in_features: int) -> LinearOperator:
        name, share = next(shares)
        if share == out_features * in_features:
            return Dense(out_features, in_features)
        signs = RandomSigns(out_features, in_features, seed=name)
        if share == 0:
            return signs
        return signs + _hashed(out_features, in_features, share, name) / math.sqrt(in_features)

    def bias(out_features: int, in_features: int) -> LinearOperator:
        name, share = next(shares)
        if share == 0:
            return Zero(out_features, in_features)
        return _hashed(out_features, in_features, share, name)

    return Network(*_layers(terms, weight, bias), input_shape=IMAGE)


def terms_for(budget: int) -> Terms:
    """Return the smallest structure that has room for a budget, and is never below the usual one."""
    growth = max(1.0, budget / 3554)
    terms = Terms(mixing=min(32, round(10 * growth)), hidden=round(4 * growth), rank=13)
    fixed = _entries(terms) - 90 * terms.rank
    return Terms(terms.mixing, terms.hidden, max(13, math.ceil((budget - fixed) / 90)))


def apportion(budget: int, sizes: list[int]) -> list[int]:
    """Share a budget among factors of given sizes, to the integer.

    A shortage of less than half the largest factor comes out of that one alone, so that the others
    stay free. A larger one is shared in proportion to the sizes; what rounding down leaves over goes
    to the largest remainders (Hamilton's method).
    """
    total, largest = sum(sizes), max(range(len(sizes)), key=sizes.__getitem__)
    if 2 * (total - budget) < sizes[largest]:
        return [size - (total - budget) * (i == largest) for i, size in enumerate(sizes)]
    shares = [budget * size // total for size in sizes]
    order = sorted(range(len(sizes)), key=lambda i: -(budget * sizes[i] % total))
    for index in order[: budget - sum(shares)]:
        shares[index] += 1
    return shares


def low_frequencies(kernel_size: int, diagonals: int) -> LinearOperator:
    r"""Return the lowest rows of the 2-D cosine transform, those with :math:`i + j <` diagonals.

    Shape ``(rows, kernel_size**2)``: fixed orthonormal kernels to combine.
    """
    size = range(kernel_size)
    order = sorted((i + j, i * kernel_size + j) for i in size for j in size if i + j < diagonals)
    rows = [index for _, index in order]
    return Selection(kernel_size**2, rows) @ kron(DCT(kernel_size), DCT(kernel_size))


def _layers(terms: Terms, weight: Matrix, bias: Matrix) -> list[nn.Module]:
    """Return the layers, from whatever the two functions make of the factors' shapes."""
    count = terms.hidden
    first = weight(32, 10) @ low_frequencies(5, 4)
    mixing = stacked_kronecker_sum(
        weight(8, 8 * terms.mixing), weight(8 * terms.mixing, 4), terms.mixing
    )
    depthwise = KhatriRao(Identity(32), weight(32, 6)) @ kron(Identity(32), low_frequencies(5, 3))
    channels = kronecker_stack(weight(8 * count, 8), weight(8 * count, 8), count)
    space = kronecker_stack(weight(4 * count, 7), weight(4 * count, 7), count)
    hidden = stacked_kronecker_sum(channels.T, space, count) / math.sqrt(count)
    hidden_bias = kron(bias(64, 1), Ones(16, 1)) + kron(Ones(64, 1), bias(16, 1))
    last = weight(CLASSES, terms.rank) @ KhatriRao(weight(terms.rank, 64), weight(terms.rank, 16))
    return [
        nn.RMSNorm(IMAGE, eps=1e-4, elementwise_affine=False),
        Conv2d(1, 32, 5, _GAIN * first, padding="same", bias=bias(32, 1)),
        nn.MaxPool2d(2),
        nn.ReLU(),
        Conv2d(
            32,
            64,
            5,
            _GAIN * (mixing @ depthwise),
            padding="same",
            bias=bias(64, 1),
        ),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Flatten(),
        Linear(3136, 1024, hidden, bias=False),
        nn.RMSNorm(1024, eps=1e-5, elementwise_affine=False),
        Bias(1024, hidden_bias),
        nn.ReLU(),
        Linear(1024, CLASSES, last, bias=bias(CLASSES, 1)),
    ]


def _entries(terms: Terms) -> int:
    """Return how many entries the factors have in all."""
    weights = 32 * 10 + 96 * terms.mixing + 32 * 6 + 184 * terms.hidden + 90 * terms.rank
    return weights + 32 + 64 + 64 + 16 + CLASSES


def _hashed(out_features: int, in_features: int, share: int, seed: int) -> Hashed:
    """Return hashed numbers that start at zero."""
    hashed = Hashed(out_features, in_features, share, seed=seed)
    nn.init.zeros_(hashed.weight)
    return hashed
