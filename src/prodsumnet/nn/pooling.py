"""Where a network convolves, pools and takes ReLU, so that all three can be done at once."""

from collections.abc import Sequence

import torch
from torch import nn

from prodsumnet.nn.convolution import Conv2d

_SQUARE = (2, (2, 2))
_PLAIN = {
    "padding": (0, (0, 0)),
    "dilation": (1, (1, 1)),
    "kernel_size": _SQUARE,
    "stride": _SQUARE,
}


def pools(layers: Sequence[nn.Module], position: int) -> bool:
    """Return whether a convolution, a pooling of two by two pixels and a ReLU start here.

    And nobody watches what is in between.

    Parameters
    ----------
    layers : sequence of Module
        Layers of a network.
    position : int
        Where in it.
    """
    if [type(layer) for layer in layers[position : position + 3]] != [
        Conv2d,
        nn.MaxPool2d,
        nn.ReLU,
    ]:
        return False
    convolution, pooling, relu = layers[position : position + 3]
    hooks = (
        layer._forward_hooks or layer._forward_pre_hooks or layer._backward_hooks
        for layer in (convolution, pooling, relu)
    )
    plain = all(getattr(pooling, name) in values for name, values in _PLAIN.items())
    return plain and not (pooling.return_indices or pooling.ceil_mode or any(hooks))


def suits(x: torch.Tensor) -> bool:
    """Return whether doing them at once is the quicker way.

    Parameters
    ----------
    x : Tensor
        What the convolution is given.
    """
    training = torch.is_grad_enabled() and not torch.compiler.is_compiling()
    return training and x.dim() == 4 and x.device.type == "cpu" and not x.is_complex()
