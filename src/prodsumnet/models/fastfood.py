"""The deep fried convolutional network."""

from prodsumnet import families
from prodsumnet.models.lenet import lenet
from prodsumnet.models.reference import CLASSES
from prodsumnet.nn import Conv2d, Linear, Network
from prodsumnet.operators import Dense


def deep_fried_cnn(seed: int = 0) -> Network:
    """Return LeNet with an adaptive Fastfood transform for its hidden layer (Yang et al. 2015).

    Convolutions 5×5 from 1 to 20 and from 20 to 50 channels, each with ReLU and max-pooling 2;
    S H G Π H B from 800 to 1,024 features, with a bias and ReLU; dense to 10 classes: 39,692
    trainable numbers, of which 2,848 are the transform's.

    Parameters
    ----------
    seed : int, optional
        Of the permutation.
    """
    hidden = families.build("fastfood", 1024, 800, 1024 + 1024 + 800, seed)
    return lenet(
        Conv2d(1, 20, 5, Dense(20, 25)),
        Conv2d(20, 50, 5, Dense(50, 500)),
        Linear(800, 1024, hidden),
        Linear(1024, CLASSES, Dense(CLASSES, 1024)),
    )
