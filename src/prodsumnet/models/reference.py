"""The reference convolutional network for MNIST, undecomposed."""

from torch import nn

from prodsumnet.nn import Conv2d, Linear, Network
from prodsumnet.operators import Dense

IMAGE = (1, 28, 28)
CLASSES = 10


def reference_cnn() -> Network:
    r"""Return the network that Wu (2018) decomposes: 3,274,634 trainable numbers.

    Convolution 5×5 from 1 to 32 channels, ReLU, max-pooling 2; convolution 5×5 from 32 to 64, ReLU,
    max-pooling 2; linear from 3,136 to 1,024, ReLU; linear to 10 classes; every layer with biases.
    Maps images ``(N, 1, 28, 28)`` with values in [0, 1] to logits ``(N, 10)``. Numbers are drawn
    such that unit-variance input keeps its mean square through every layer (He et al. 2015).
    """
    layers = (
        Conv2d(1, 32, 5, Dense(32, 25), padding="same"),
        Conv2d(32, 64, 5, Dense(64, 800), padding="same"),
        Linear(3136, 1024, Dense(1024, 3136)),
        Linear(1024, CLASSES, Dense(CLASSES, 1024)),
    )
    for layer in layers[:-1]:
        layer.reset_parameters(gain=2**0.5)
    first, second, hidden, last = layers
    return Network(
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
