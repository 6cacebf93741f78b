"""The simplest network in which families can be compared: one hidden layer."""

import math

from torch import nn

from prodsumnet import families
from prodsumnet.models.reference import CLASSES, IMAGE
from prodsumnet.nn import Bias, Intensity, Linear, Network
from prodsumnet.numerics import checks
from prodsumnet.operators import Dense, LinearOperator

HIDDEN = 392
"""Hidden features; for a convolution they are 8 channels of 7×7."""

_GAIN = math.sqrt(2)


def hidden_layer_network(budget: int = 10_000, family: str | None = None, seed: int = 0) -> Network:
    """Return a network with one hidden layer and exactly ``budget`` trainable numbers.

    Images ``(N, 1, 28, 28)`` are normalised to unit mean square, mapped to 392 hidden features by
    an operator of the family, with a bias and ReLU, and to 10 logits by a dense matrix with a bias.
    Of a complex family the intensity of each feature is detected, relative to the mean of all.

    Parameters
    ----------
    budget : int, optional
        Number of trainable numbers: 4,322 for the last layer and the biases, the rest for the
        operator.
    family : str, optional
        One of `prodsumnet.families.names`; without it, the network is a dense one, with as many
        hidden features as the budget allows.
    seed : int, optional
        Of what the family takes from a seed.

    Raises
    ------
    ValueError
        If the budget is too small.
    """
    inputs = math.prod(IMAGE)
    budget = checks.positive_int("budget", budget)
    if family is None:
        hidden = (budget - CLASSES) // (inputs + 1 + CLASSES)
        operator = Dense(checks.positive_int("the number of hidden features", hidden), inputs)
    else:
        hidden = HIDDEN
        rest = budget - (hidden + 1) * CLASSES - hidden
        operator = families.build(
            family, hidden, inputs, checks.positive_int("the operator's budget", rest), seed, True
        )
    operator.reset_parameters(_GAIN)
    return Network(
        nn.RMSNorm(list(IMAGE), eps=1e-4, elementwise_affine=False),
        nn.Flatten(),
        Linear(inputs, hidden, operator, bias=False),
        *detection(operator),
        Bias(hidden),
        nn.ReLU(),
        Linear(hidden, CLASSES, Dense(CLASSES, hidden)),
        input_shape=IMAGE,
    )


def detection(operator: LinearOperator) -> list[nn.Module]:
    """Return the layers that make real features of a complex operator's; none of a real one's."""
    if not operator.to_dense().is_complex():
        return []
    return [Intensity(), nn.RMSNorm(operator.out_features, eps=1e-5, elementwise_affine=False)]
