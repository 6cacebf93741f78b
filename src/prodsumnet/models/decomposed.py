"""The reference network with every operator a product of sums, at an exact number of parameters."""

import math
from dataclasses import dataclass
from functools import partial

from torch import nn

from prodsumnet.models.reference import CLASSES, IMAGE
from prodsumnet.models.sharing import Matrix, Structure, count_entries, realized, small
from prodsumnet.models.spectra import low_frequencies
from prodsumnet.nn import Bias, Conv2d, Linear, Network
from prodsumnet.numerics import checks
from prodsumnet.operators import (
    Identity,
    KhatriRao,
    Ones,
    kron,
    kronecker_stack,
    stacked_kronecker_sum,
)

MAX_BUDGET = 100_000
"""Largest budget; beyond it the sums have more terms than the matrices have use for."""

_GAIN = math.sqrt(2)
_MAX_MIXING = 32


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


_USUAL = Terms(mixing=10, hidden=4, rank=13)


def decomposed_cnn(budget: int = 3554, seed: int = 0) -> Network:
    r"""Return the reference topology with exactly ``budget`` trainable numbers.

    Each of the four operators is a product of sums (the structure is in `_layers`), of factors that
    are small matrices. With a budget for all their entries the factors are free; with less they
    share what there is, see `prodsumnet.models.sharing.realized`.

    Input images are normalised to unit mean square, and so are the hidden features, each sample by
    itself: nothing about the data is stored but the trained numbers.

    Parameters
    ----------
    budget : int
        Number of trainable numbers, biases included, from 1 to 100,000; by default the paper's.
    seed : int, optional
        Of the fixed parts of the factors.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.
    """
    budget = checks.positive_int("budget", budget, MAX_BUDGET)
    seed = checks.bounded_int("seed", seed, 0, 2**31 - 1)
    return Network(*realized(structure(terms_for(budget)), budget, seed), input_shape=IMAGE)


def structure(terms: Terms) -> Structure:
    """Return the layers' structure with these numbers of terms."""
    return partial(_layers, terms)


def terms_for(budget: int) -> Terms:
    """Return the structure with the least room to spare for a budget.

    Among those with equal room it is the one whose sums are closest to the proportions of
    `_USUAL`, in logarithms; none departs from them by more than a factor of two. Budgets below the
    usual structure's share its entries.
    """
    growth = budget / count_entries(structure(_USUAL))
    if growth <= 0.97:
        return _USUAL
    goals = (min(growth * _USUAL.mixing, _MAX_MIXING), growth * _USUAL.hidden, growth * _USUAL.rank)
    single = count_entries(structure(Terms(1, 1, 1)))
    per_mixing = count_entries(structure(Terms(2, 1, 1))) - single
    per_hidden = count_entries(structure(Terms(1, 2, 1))) - single
    per_rank = count_entries(structure(Terms(1, 1, 2))) - single
    candidates = []
    for mixing in _around(goals[0], _MAX_MIXING):
        for hidden in _around(goals[1]):
            missing = budget - single - (mixing - 1) * per_mixing - (hidden - 1) * per_hidden
            rank = 1 + math.ceil(missing / per_rank)
            if rank in _around(goals[2]):
                pairs = zip((mixing, hidden, rank), goals, strict=True)
                distance = sum(math.log(count / goal) ** 2 for count, goal in pairs)
                room = (rank - 1) * per_rank - missing
                candidates.append((room, distance, Terms(mixing, hidden, rank)))
    return min(candidates, key=lambda candidate: candidate[:2])[2]


def _around(goal: float, maximum: float = math.inf) -> range:
    """Return the integers within a factor of two of a goal."""
    return range(math.ceil(goal / 2), math.floor(min(2 * goal, maximum)) + 1)


def _layers(terms: Terms, weight: Matrix, free: Matrix) -> list[nn.Module]:
    """Return the layers, from whatever the two functions make of the factors' shapes."""
    # Gains matter only against the biases: the hidden features are normalised again.
    count = terms.hidden
    first = weight(32, 10) @ low_frequencies(5, 4)
    mixing = stacked_kronecker_sum(
        weight(8, 8 * terms.mixing), weight(8 * terms.mixing, 4), terms.mixing
    )
    depthwise = KhatriRao(Identity(32), weight(32, 6)) @ kron(Identity(32), low_frequencies(5, 3))
    channels = kronecker_stack(weight(8 * count, 8), weight(8 * count, 8), count)
    space = kronecker_stack(weight(4 * count, 7), weight(4 * count, 7), count)
    hidden = stacked_kronecker_sum(channels.T, space, count) / math.sqrt(count)
    hidden_bias = kron(free(64, 1), Ones(16, 1)) + kron(Ones(64, 1), free(16, 1))
    last = weight(CLASSES, terms.rank) @ KhatriRao(weight(terms.rank, 64), weight(terms.rank, 16))
    return [
        nn.RMSNorm(list(IMAGE), eps=1e-4, elementwise_affine=False),
        Conv2d(1, 32, 5, _GAIN * first, padding="same", bias=small(free(32, 1))),
        nn.MaxPool2d(2),
        nn.ReLU(),
        Conv2d(32, 64, 5, mixing @ depthwise, padding="same", bias=small(free(64, 1))),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Flatten(),
        Linear(3136, 1024, hidden, bias=False),
        nn.RMSNorm(1024, eps=1e-5, elementwise_affine=False),
        Bias(1024, small(hidden_bias)),
        nn.ReLU(),
        Linear(1024, CLASSES, last, bias=small(free(CLASSES, 1))),
    ]
