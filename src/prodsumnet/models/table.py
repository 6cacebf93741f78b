"""Networks for the rows of tables: a fixed transform of the features, and products of sums."""

import math
from functools import partial

from torch import nn

from prodsumnet import families
from prodsumnet.models.hidden_layer import detection
from prodsumnet.models.sharing import Matrix, Structure, realized, small
from prodsumnet.models.spectra import TRANSFORMS, low_pass
from prodsumnet.nn import Bias, Linear, Network
from prodsumnet.numerics import checks
from prodsumnet.operators import Identity, LinearOperator, Slice, zero_pad

MAX_BUDGET = 100_000
MAX_FEATURES = 4096
HIDDEN = 16
"""Hidden features of small networks."""

_GAIN = math.sqrt(2)
_PADDED = ("hadamard", "random")
"""Transforms of a power of two of features."""


def table_network(
    budget: int = 100,
    features: int = 13,
    classes: int = 3,
    transform: str = "dct",
    family: str | None = None,
    seed: int = 0,
) -> Network:
    r"""Return a network on rows of features, with exactly ``budget`` trainable numbers.

    Rows ``(N, features)``, standardised (`prodsumnet.data.load` does it), are multiplied by a fixed
    orthogonal transform, mapped to hidden features by an operator, with a bias and ReLU, and to
    logits by another, with a bias. Neighbouring columns of a table have nothing in common, so there
    is no convolution, and the transform is but a fixed mixing of all features.

    Parameters
    ----------
    budget : int, optional
        Number of trainable numbers, from 1 to 100,000.
    features, classes : int, optional
        Of the table, up to 4,096; by default those of ``wine``.
    transform : str, optional
        ``identity`` for none, or one of `prodsumnet.models.spectra.TRANSFORMS`; features are padded
        with zeros to a power of two where it needs one.
    family : str, optional
        One of `prodsumnet.families.names`, for the operator to 16 hidden features, with the numbers
        that the biases and the last layer leave of the budget. Without it there are as many hidden
        features as the budget asks for, and budgets below the entries of all factors share them,
        see `prodsumnet.models.sharing.realized`.
    seed : int, optional
        Of the fixed parts.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range, or the budget is too small for the family.
    """
    budget = checks.positive_int("budget", budget, MAX_BUDGET)
    features = checks.positive_int("features", features, MAX_FEATURES)
    classes = checks.positive_int("classes", classes, MAX_FEATURES)
    seed = checks.bounded_int("seed", seed, 0, 2**31 - 1)
    spectrum = _spectrum(transform, features, seed)
    if family is None:
        hidden = hidden_for(budget, spectrum.out_features, classes)
        layers = realized(structure(spectrum, hidden, classes), budget, seed)
    else:
        spent = HIDDEN + (HIDDEN + 1) * classes
        rest = checks.positive_int("the operator's budget", budget - spent)
        operator = families.build(family, HIDDEN, spectrum.out_features, rest, seed, True)
        operator.reset_parameters(_GAIN)
        layers = realized(structure(spectrum, HIDDEN, classes, operator), spent, seed)
    return Network(*layers, input_shape=(features,))


def structure(
    spectrum: LinearOperator, hidden: int, classes: int, operator: LinearOperator | None = None
) -> Structure:
    """Return the layers' structure, with an operator of its own to the hidden features or none."""
    return partial(_layers, spectrum, hidden, classes, operator)


def hidden_for(budget: int, inputs: int, classes: int) -> int:
    """Return the least number of hidden features with as many entries as the budget has numbers.

    It is 16 at least: smaller budgets share the entries.
    """
    return max(HIDDEN, math.ceil((budget - classes) / (inputs + 1 + classes)))


def _layers(
    spectrum: LinearOperator,
    hidden: int,
    classes: int,
    operator: LinearOperator | None,
    weight: Matrix,
    free: Matrix,
) -> list[nn.Module]:
    """Return the layers, from whatever the two functions make of the factors' shapes."""
    inputs, features = spectrum.shape
    operator = _GAIN * weight(hidden, inputs) if operator is None else operator
    # Drawn at once: few numbers of a pool are too few to set the size of all by.
    biases = small(free(hidden + classes, 1))
    return [
        Linear(features, inputs, spectrum, bias=False),
        Linear(inputs, hidden, operator, bias=False),
        *detection(operator),
        Bias(hidden, Slice(hidden + classes, 0, hidden) @ biases),
        nn.ReLU(),
        Linear(
            hidden,
            classes,
            weight(classes, hidden),
            bias=Slice(hidden + classes, hidden, hidden + classes) @ biases,
        ),
    ]


def _spectrum(transform: str, features: int, seed: int) -> LinearOperator:
    """Return the fixed orthogonal transform of all features, padded where it has to be."""
    if transform == "identity":
        return Identity(features)
    if transform not in TRANSFORMS:
        raise ValueError(
            f"transform must be one of identity, {', '.join(TRANSFORMS)}, got {transform!r}"
        )
    padded = 1 << (features - 1).bit_length() if transform in _PADDED else features
    return low_pass(transform, padded, padded, seed) @ zero_pad(padded, features)
