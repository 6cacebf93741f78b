"""The kinds of layers that a network may have, by the names they have in its spec."""

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from prodsumnet.nn.bias import Bias
from prodsumnet.nn.cellular import Cellular
from prodsumnet.nn.convolution import Conv1d, Conv2d, Conv3d, Convolution
from prodsumnet.nn.detection import DetectorRegions, Intensity
from prodsumnet.nn.linear import Linear
from prodsumnet.nn.scale import Scale
from prodsumnet.numerics import checks, dtypes

MAX_AXES = 8


def _size(name: str, value: object) -> object:
    return checks.positive_int(name, value)


def _pair(name: str, value: object) -> object:
    return checks.size_tuple(name, value, 2)


def _borders(name: str, value: object) -> object:
    return checks.size_tuple(name, value, 2, minimum=0)


def _axis(name: str, value: object) -> object:
    return checks.bounded_int(name, value, -MAX_AXES, MAX_AXES)


def _sizes(name: str, value: object) -> object:
    sizes = checks.int_sequence(name, value if isinstance(value, tuple) else (value,))
    if not 0 < len(sizes) <= MAX_AXES or 0 in sizes:
        raise ValueError(
            f"{name} must be 1 to {MAX_AXES} positive integers, got {checks.show(value)}"
        )
    checks.number_count(name, *sizes)
    return sizes


def _flag(name: str, value: object) -> object:
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be true or false, got {checks.show(value)}")
    return value


def _number_or_none(name: str, value: object) -> object:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number or null, got {checks.show(value)}")
    if not 0 <= value <= sys.float_info.max:
        raise ValueError(f"{name} must be finite and not negative, got {checks.show(value)}")
    return float(value)


def _as_it_is(name: str, value: object) -> object:
    """Leave the check to the layer's own constructor, torch's have none."""
    return value


@dataclass(frozen=True)
class Kind:
    """A class of layers, and the constructor's keywords that say everything about one, checked."""

    cls: type[nn.Module]
    keywords: dict[str, Callable[[str, Any], Any]]


def _own(cls: type[nn.Module], *keywords: str) -> Kind:
    return Kind(cls, dict.fromkeys(keywords, _as_it_is))


def _convolution(cls: type[Convolution]) -> Kind:
    return _own(
        cls,
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
    )


_BATCH_NORM = {
    "num_features": _size,
    "eps": _number_or_none,
    "momentum": _number_or_none,
    "affine": _flag,
    "track_running_stats": _flag,
}

LAYERS = {
    "batch-norm-1d": Kind(nn.BatchNorm1d, _BATCH_NORM),
    "batch-norm-2d": Kind(nn.BatchNorm2d, _BATCH_NORM),
    "bias": _own(Bias, "features", "bias"),
    "cellular": _own(
        Cellular,
        "in_channels",
        "channels",
        "feedback",
        "control",
        "kernel_size",
        "groups",
        "bias",
        "step",
        "iterations",
        "boundary",
        "initial",
        "returns",
    ),
    "conv-1d": _convolution(Conv1d),
    "conv-2d": _convolution(Conv2d),
    "conv-3d": _convolution(Conv3d),
    "detector-regions": _own(DetectorRegions, "rows", "columns", "classes", "size", "scale"),
    "flatten": Kind(nn.Flatten, {"start_dim": _axis, "end_dim": _axis}),
    "intensity": _own(Intensity),
    "linear": _own(Linear, "in_features", "out_features", "operator", "bias"),
    "max-pool-2d": Kind(
        nn.MaxPool2d,
        {
            "kernel_size": _pair,
            "stride": _pair,
            "padding": _borders,
            "dilation": _pair,
            "ceil_mode": _flag,
        },
    ),
    "relu": Kind(nn.ReLU, {"inplace": _flag}),
    "rms-norm": Kind(
        nn.RMSNorm,
        {"normalized_shape": _sizes, "eps": _number_or_none, "elementwise_affine": _flag},
    ),
    "scale": _own(Scale, "scalar"),
}


def layer_name(layer: nn.Module) -> str:
    """Return the name of a layer's kind.

    Raises
    ------
    TypeError
        If there is no such kind.
    """
    for name, kind in LAYERS.items():
        if type(layer) is kind.cls:
            return name
    raise TypeError(f"a network is made of {', '.join(LAYERS)}; got {type(layer).__name__}")


def own_tensors(layer: nn.Module) -> list[torch.Tensor]:
    """Return the numbers of a layer that are not its operators'."""
    return [*layer.parameters(recurse=False), *layer.buffers(recurse=False)]


def read_layer(layer: nn.Module) -> dict[str, Any]:
    """Return the keywords from which `build_layer` makes an equal layer, defaults left out."""
    kind = LAYERS[layer_name(layer)]
    parameters = inspect.signature(kind.cls.__init__).parameters
    values = {}
    for keyword, check in kind.keywords.items():
        value, default = check(keyword, getattr(layer, keyword)), parameters[keyword].default
        if keyword == "bias" and not isinstance(value, nn.Module):
            value = value is not None
        repeated = (default,) * (len(value) if isinstance(value, tuple) else 0)
        if isinstance(value, nn.Module) or value not in (default, repeated):
            values[keyword] = value
    numeric = (t.dtype for t in own_tensors(layer) if t.is_floating_point() or t.is_complex())
    dtype = next(numeric, dtypes.DEFAULT)
    return values if dtype == dtypes.DEFAULT else {**values, "dtype": dtypes.name(dtype)}


def build_layer(
    name: object, values: dict[str, Any], device: torch.device | str | None
) -> nn.Module:
    """Construct a layer.

    Raises
    ------
    ValueError
        If the kind is unknown, the keywords are not the kind's, or their values are refused.
    """
    if not isinstance(name, str) or name not in LAYERS:
        raise ValueError(f"unknown layer {checks.show(name)}, expected one of {', '.join(LAYERS)}")
    kind = LAYERS[name]
    parameters = inspect.signature(kind.cls.__init__).parameters
    allowed = [*kind.keywords, *(["dtype"] if "dtype" in parameters else [])]
    for keyword in values:
        if keyword not in allowed:
            raise ValueError(
                f"layer {name!r} has no keyword {checks.show(keyword)}, only {allowed}"
            )
    given = dict(values)
    try:
        if "dtype" in parameters:
            given["dtype"] = dtypes.named(given.get("dtype", dtypes.name(dtypes.DEFAULT)))
            given["device"] = device
        checked = {k: kind.keywords.get(k, _as_it_is)(k, v) for k, v in given.items()}
        return kind.cls(**checked)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"layer {name!r}: {error}") from error
