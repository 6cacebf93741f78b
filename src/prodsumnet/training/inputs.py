"""What a network is given of a data set, and whether the two fit together."""

import torch

from prodsumnet.data import Dataset
from prodsumnet.nn import Network


def to_inputs(samples: torch.Tensor) -> torch.Tensor:
    """Return samples as floats: bytes, the grey values of images, are divided by 255."""
    return samples.float() / 255 if samples.dtype == torch.uint8 else samples


@torch.no_grad()
def check_fits(network: Network, data: Dataset, name: str = "the network") -> None:
    """Refuse a network for samples of another shape, or for other classes, than a data set's.

    Parameters
    ----------
    network : Network
        Sees an empty batch, in evaluation mode.
    data : Dataset
        Its test set is not looked at.
    name : str, optional
        Of the network, for the message.

    Raises
    ------
    ValueError
        If they do not fit; the message has both sizes.
    """
    shape = tuple(data.train_images.shape[1:])
    if network.input_shape != shape:
        raise ValueError(
            f"{name} takes inputs of shape {network.input_shape}, not {data.name}'s of {shape}"
        )
    training = network.training
    outputs = network.eval()(to_inputs(data.train_images[:0])).shape[1]
    network.train(training)
    if outputs != data.classes:
        raise ValueError(f"{name} tells {outputs} classes apart, {data.name} has {data.classes}")
