"""The kinds of layers that a network may have, by the names they have in its spec."""

import inspect
from typing import Any

import torch
from torch import nn

from prodsumnet.nn.bias import Bias
from prodsumnet.nn.convolution import Conv2d
from prodsumnet.nn.linear import Linear
from prodsumnet.nn.scale import Scale

LAYERS: dict[str, tuple[type[nn.Module], tuple[str, ...]]] = {
    "batch-norm-1d": (nn.BatchNorm1d, ("num_features", "affine")),
    "batch-norm-2d": (nn.BatchNorm2d, ("num_features", "affine")),
    "bias": (Bias, ("features", "bias")),
    "conv-2d": (
        Conv2d,
        (
            "in_channels",
            "out_channels",
            "kernel_size",
            "operator",
            "stride",
            "padding",
            "dilation",
            "groups",
            "bias",
            "padding_mode",
        ),
    ),
    "flatten": (nn.Flatten, ()),
    "linear": (Linear, ("in_features", "out_features", "operator", "bias")),
    "max-pool-2d": (nn.MaxPool2d, ("kernel_size",)),
    "relu": (nn.ReLU, ()),
    "rms-norm": (nn.RMSNorm, ("normalized_shape", "eps", "elementwise_affine")),
    "scale": (Scale, ("scalar",)),
}
"""Name: class, and the constructor's keywords that say everything about a layer."""


def layer_name(layer: nn.Module) -> str:
    """Return the name of a layer's kind.

    Raises
    ------
    TypeError
        If there is no such kind.
    """
    for name, (cls, _) in LAYERS.items():
        if type(layer) is cls:
            return name
    raise TypeError(f"a network is made of {', '.join(LAYERS)}; got {type(layer).__name__}")


def read_layer(layer: nn.Module) -> dict[str, Any]:
    """Return the keywords from which `build_layer` makes an equal layer, defaults left out."""
    cls, keywords = LAYERS[layer_name(layer)]
    parameters = inspect.signature(cls.__init__).parameters
    values = {}
    for keyword in keywords:
        value, default = getattr(layer, keyword), parameters[keyword].default
        if keyword == "bias" and not isinstance(value, nn.Module):
            value = value is not None
        if isinstance(value, nn.Module) or value not in (default, (default,) * 2):
            values[keyword] = value
    return values


def build_layer(name: object, values: dict[str, Any], device: torch.device | str | None) -> nn.Module:
    """Construct a layer.

    Raises
    ------
    ValueError
        If the kind is unknown, the keywords are not the kind's, or their values are refused.
    """
    if not isinstance(name, str) or name not in LAYERS:
        raise ValueError(f"unknown layer {name!r}, expected one of {', '.join(LAYERS)}")
    cls, keywords = LAYERS[name]
    if unknown := values.keys() - set(keywords):
        raise ValueError(f"layer {name!r} has no keyword {min(unknown)!r}, only {keywords}")
    takes_device = "device" in inspect.signature(cls.__init__).parameters
    try:
        return cls(**values, **({"device": device} if takes_device else {}))
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"layer {name!r}: {error}") from error
