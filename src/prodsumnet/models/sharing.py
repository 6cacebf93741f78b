"""Structures of small matrices at an exact number of trainable parameters."""

import math
from collections.abc import Callable

from torch import nn

from prodsumnet.operators import (
    CountSketch,
    Dense,
    LinearOperator,
    Ones,
    RandomSigns,
    Reshape,
    Slice,
    Sum,
)
from prodsumnet.operators.initialization import calibrate

_BIAS_GAIN = 1e-3

Matrix = Callable[[int, int], LinearOperator]
"""Makes the factor of a shape; of what, is decided by who calls the structure."""

Structure = Callable[[Matrix, Matrix], list[nn.Module]]
"""Returns layers, from whatever two functions make of the shapes of their factors: the first of
those that weights are products and sums of, the second of those that start near zero."""


def count_entries(structure: Structure) -> int:
    """Return how many entries the factors of a structure have in all."""
    total = 0

    def measure(out_features: int, in_features: int) -> LinearOperator:
        nonlocal total
        total += out_features * in_features
        return Ones(out_features, in_features)

    structure(measure, measure)
    return total


def realized(structure: Structure, budget: int, seed: int) -> list[nn.Module]:
    r"""Return the layers of a structure with at most ``budget`` trainable numbers.

    With a budget for all entries of the factors, those are free. With less, exactly the budget's
    numbers are hashed, with signs, into one pool of all the entries (as HashedNets do within a
    layer, Chen et al. 2015), and every factor is a seeded matrix of signs plus its slice of the
    pool: Wu's :math:`A^0 + \sum_k \theta_k A^k`, with numbers shared across layers (compare Li et
    al. 2018, who train in a random subspace). So the budget is a dial down to one number.

    Parameters
    ----------
    structure : callable
        See `Structure`.
    budget : int
        Number of trainable numbers.
    seed : int
        Of the signs and the hashing.
    """
    entries = count_entries(structure)
    pool = None
    if budget < entries:
        pool = CountSketch(entries, budget, seed=seed) @ Dense(budget, 1)
    used = 0

    def free(out_features: int, in_features: int) -> LinearOperator:
        nonlocal used
        start, used = used, used + out_features * in_features
        if pool is None:
            return Dense(out_features, in_features)
        return Reshape(Slice(entries, start, used) @ pool, out_features, in_features)

    def weight(out_features: int, in_features: int) -> LinearOperator:
        if pool is None:
            return Dense(out_features, in_features)
        change = free(out_features, in_features)
        fixed = RandomSigns(out_features, in_features, seed=seed + used)
        return fixed + change / math.sqrt(in_features)

    return structure(weight, free)


def small(bias: LinearOperator) -> LinearOperator:
    """Draw a bias near zero, but not at it, where the gradient of a product of factors vanishes."""
    terms = list(bias) if isinstance(bias, Sum) else [bias]
    for term in terms:
        # In equal shares: channels and places are alike, however many numbers they have.
        term.reset_parameters(math.sqrt(_BIAS_GAIN * _BIAS_GAIN / len(terms)))
    calibrate(bias, _BIAS_GAIN)
    return bias
