"""The convolutional network of block-circulant matrices."""

from prodsumnet.models.lenet import lenet
from prodsumnet.models.reference import CLASSES
from prodsumnet.nn import Conv2d, Linear, Network
from prodsumnet.operators import AxisPermutation, BlockCirculant, Dense


def circulant_cnn() -> Network:
    """Return the reference topology with block-circulant matrices (CirCNN, Ding et al. 2017).

    As in the paper, the kernels of the second convolution are circulant over the channels, tap by
    tap, here in blocks of 16, and the hidden layer in blocks of 64. The first convolution has one
    input channel and the last layer ten rows, and they stay dense: 65,546 trainable numbers, of
    which 53,376 are in circulant blocks that stand for 3,262,464.
    """
    taps, inner, outer = 25, 32, 64
    kernel = BlockCirculant(outer // 16, taps * inner // 16, 16) @ AxisPermutation(
        (inner, taps), (1, 0)
    )
    return lenet(
        Conv2d(1, inner, 5, Dense(inner, taps), padding="same"),
        Conv2d(inner, outer, 5, kernel, padding="same"),
        Linear(3136, 1024, BlockCirculant(16, 49, 64)),
        Linear(1024, CLASSES, Dense(CLASSES, 1024)),
    )
