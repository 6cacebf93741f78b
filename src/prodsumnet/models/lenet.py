"""The chain that the convolutional networks of the literature have in common."""

import math

from torch import nn

from prodsumnet.models.reference import IMAGE
from prodsumnet.nn import Conv2d, Linear, Network

_GAIN = math.sqrt(2)


def lenet(first: Conv2d, second: Conv2d, hidden: Linear, last: Linear) -> Network:
    """Return LeNet with given layers, on images normalised to unit mean square.

    Two convolutions, each with max-pooling 2 and ReLU, a hidden layer with ReLU, and a last one
    (LeCun et al. 1998). All but the last are drawn anew such that unit-variance input keeps its
    mean square.

    Parameters
    ----------
    first, second : Conv2d
        From images of 28×28, and from what is pooled of that.
    hidden, last : Linear
        From the flattened channels, and to the classes.
    """
    for layer in (first, second, hidden):
        layer.reset_parameters(_GAIN)
    return Network(
        nn.RMSNorm(list(IMAGE), eps=1e-4, elementwise_affine=False),
        first,
        nn.MaxPool2d(2),
        nn.ReLU(),
        second,
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Flatten(),
        hidden,
        nn.ReLU(),
        last,
        input_shape=IMAGE,
    )
