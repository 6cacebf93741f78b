"""Networks in a transform domain: products of sums, and no convolution."""

import math
from dataclasses import dataclass
from functools import partial

from torch import nn

from prodsumnet.models.reference import CLASSES, IMAGE
from prodsumnet.models.sharing import Matrix, Structure, count_entries, realized, small
from prodsumnet.models.spectra import low_pass, zigzag
from prodsumnet.nn import Bias, Linear, Network
from prodsumnet.numerics import checks
from prodsumnet.operators import (
    Identity,
    KhatriRao,
    LinearOperator,
    Ones,
    Selection,
    Sum,
    kron,
    stacked_kronecker_sum,
)

MAX_BUDGET = 100_000
SELECTIONS = ("square", "zig-zag", "mask")
KEPT = 14
"""Coefficients kept along each axis of an image; as many in all by zig-zag."""

_MASK_RANK = 2


@dataclass(frozen=True)
class Sizes:
    """How large a transform network is.

    Parameters
    ----------
    side : int
        Each hidden layer has ``side**2`` features.
    first, second : int
        Kronecker products in the first and the second hidden layer.
    rank : int
        CP rank of the last layer.
    """

    side: int
    first: int
    second: int
    rank: int


def transform_network(
    budget: int = 3554, transform: str = "dct", selection: str = "square", seed: int = 0
) -> Network:
    r"""Return a network on the coefficients of a fixed transform, with ``budget`` numbers.

    Wu's (2018) second claim is that convolution is not needed. An image X, normalised to unit mean
    square, becomes :math:`T X T^T` with a fixed transform, of which a part is kept; two hidden
    layers :math:`\sum_r A_r \otimes B_r` with ReLU follow, which act on the plane of coefficients Y
    as :math:`\sum_r A_r Y B_r^T`, and a last layer in CP form. Hidden features are normalised to
    unit mean square, each sample by itself, so that nothing is stored but the trained numbers.

    Parameters
    ----------
    budget : int, optional
        Number of trainable numbers, from 1 to 100,000. Below that of the factors' entries they are
        shared, see `prodsumnet.models.sharing.realized`.
    transform : str, optional
        One of `prodsumnet.models.spectra.TRANSFORMS`.
    selection : str, optional
        What is kept: the 14×14 coefficients of the lowest frequencies ('square'); the 196 first
        ones by zig-zag, as 14×14 in that order ('zig-zag'); or all, weighted by a trained mask
        that is a matrix of rank two ('mask').
    seed : int, optional
        Of the fixed parts.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range, or a name is unknown.
    """
    budget = checks.positive_int("budget", budget, MAX_BUDGET)
    seed = checks.bounded_int("seed", seed, 0, 2**31 - 1)
    if selection not in SELECTIONS:
        raise ValueError(f"selection must be one of {', '.join(SELECTIONS)}, got {selection!r}")
    sizes = sizes_for(budget, selection)
    layers = realized(structure(sizes, transform, selection, seed), budget, seed)
    return Network(*layers, input_shape=IMAGE)


def structure(sizes: Sizes, transform: str, selection: str, seed: int) -> Structure:
    """Return the layers' structure of a size."""
    return partial(_layers, sizes, transform, selection, seed)


def sizes_for(budget: int, selection: str = "square") -> Sizes:
    """Return sizes whose factors have at least as many entries as the budget has numbers.

    The sums take about three quarters of the budget, with twice as many terms in the first as in
    the second; the CP rank is the least that makes up for the rest. Budgets below the entries of
    the smallest structure share those.
    """
    side = 24 if budget < 8_000 else 32 if budget < 30_000 else 48

    def entries(first: int, second: int, rank: int) -> int:
        sizes = Sizes(side, first, second, rank)
        return count_entries(structure(sizes, "dct", selection, 0))

    single = entries(1, 1, 1)
    per_first, per_second = entries(2, 1, 1) - single, entries(1, 2, 1) - single
    per_rank = entries(1, 1, 2) - single
    share = 0.75 * budget / (2 * per_first + per_second)
    second = max(1, round(share))
    first = max(2, round((0.75 * budget - second * per_second) / per_first))
    missing = budget - single - (first - 1) * per_first - (second - 1) * per_second
    return Sizes(side, first, second, max(16, 1 + math.ceil(missing / per_rank)))


def _layers(
    sizes: Sizes, transform: str, selection: str, seed: int, weight: Matrix, free: Matrix
) -> list[nn.Module]:
    """Return the layers, from whatever the two functions make of the factors' shapes."""
    side = sizes.side

    def mixing(terms: int, inputs: int) -> LinearOperator:
        left, right = weight(side, inputs * terms), weight(side * terms, inputs)
        return stacked_kronecker_sum(left, right, terms) / math.sqrt(terms)

    def hidden(operator: LinearOperator) -> list[nn.Module]:
        bias = kron(free(side, 1), Ones(side, 1)) + kron(Ones(side, 1), free(side, 1))
        return [
            Linear(operator.in_features, side * side, operator, bias=False),
            nn.RMSNorm(side * side, eps=1e-5, elementwise_affine=False),
            Bias(side * side, small(bias)),
            nn.ReLU(),
        ]

    spectrum = _spectrum(transform, selection, seed, free)
    inputs = math.isqrt(spectrum.out_features)
    last = weight(CLASSES, sizes.rank) @ KhatriRao(
        weight(sizes.rank, side), weight(sizes.rank, side)
    )
    return [
        nn.RMSNorm(list(IMAGE), eps=1e-4, elementwise_affine=False),
        nn.Flatten(),
        Linear(math.prod(IMAGE), inputs**2, spectrum, bias=False),
        *hidden(mixing(sizes.first, inputs)),
        *hidden(mixing(sizes.second, side)),
        Linear(side * side, CLASSES, last, bias=small(free(CLASSES, 1))),
    ]


def _spectrum(transform: str, selection: str, seed: int, free: Matrix) -> LinearOperator:
    """Return the coefficients that are kept, from the pixels."""
    size = IMAGE[1]
    if selection == "square":
        rows = low_pass(transform, size, KEPT, seed)
        return kron(rows, rows)
    rows = low_pass(transform, size, size, seed)
    plane = kron(rows, rows)
    if selection == "zig-zag":
        return Selection(size * size, zigzag(size, KEPT * KEPT)) @ plane
    terms = (kron(free(size, 1), free(size, 1)) for _ in range(_MASK_RANK))
    mask = Ones(size * size, 1) + small(Sum(*terms))
    return KhatriRao(Identity(size * size), mask) @ plane
