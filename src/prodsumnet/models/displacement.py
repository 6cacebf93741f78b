"""A network with one hidden layer of low displacement rank."""

import math

from torch import nn

from prodsumnet import families
from prodsumnet.models.reference import CLASSES, IMAGE
from prodsumnet.nn import Linear, Network
from prodsumnet.operators import Dense

_GAIN = math.sqrt(2)
_RANK = 4


def displacement_network() -> Network:
    """Return the single-hidden-layer network of the literature on displacement rank.

    A square Toeplitz-like matrix of displacement rank 4 on the 784 pixels, with a bias and ReLU,
    and a dense last layer (Sindhwani et al. 2015; Thomas et al. 2018): 14,906 trainable numbers.
    """
    pixels = math.prod(IMAGE)
    operator = families.build("low-displacement-rank", pixels, pixels, 2 * _RANK * pixels)
    hidden = Linear(pixels, pixels, operator)
    hidden.reset_parameters(_GAIN)
    return Network(
        nn.RMSNorm(list(IMAGE), eps=1e-4, elementwise_affine=False),
        nn.Flatten(),
        hidden,
        nn.ReLU(),
        Linear(pixels, CLASSES, Dense(CLASSES, pixels)),
        input_shape=IMAGE,
    )
