"""A classifier of images that is made of cellular neural networks."""

from torch import nn

from prodsumnet.models.reference import CLASSES, IMAGE
from prodsumnet.nn import Cellular, Linear, Network
from prodsumnet.operators import Dense

_ITERATIONS = 5


def cellular_network() -> Network:
    """Return two cellular neural networks (Chua & Yang 1988), and a linear read-out.

    The first drives 8 coupled layers of 28×28 cells with the image, the second 16 of 14×14 with the
    first one's outputs; both take five Euler steps of one half under templates of 3×3. Outputs
    are pooled by maximum, 2×2, and read by a dense matrix: 11,978 trainable numbers.
    """
    features = 16 * 7 * 7
    return Network(
        nn.RMSNorm(list(IMAGE), eps=1e-4, elementwise_affine=False),
        Cellular(IMAGE[0], 8, step=0.5, iterations=_ITERATIONS),
        nn.MaxPool2d(2),
        Cellular(8, 16, step=0.5, iterations=_ITERATIONS),
        nn.MaxPool2d(2),
        nn.Flatten(),
        Linear(features, CLASSES, Dense(CLASSES, features)),
        input_shape=IMAGE,
    )
