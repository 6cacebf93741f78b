"""Architectures by name."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from prodsumnet.models.cellular import cellular_network
from prodsumnet.models.circulant import circulant_cnn
from prodsumnet.models.decomposed import decomposed_cnn
from prodsumnet.models.diffractive import diffractive_network
from prodsumnet.models.displacement import displacement_network
from prodsumnet.models.fastfood import deep_fried_cnn
from prodsumnet.models.hidden_layer import hidden_layer_network
from prodsumnet.models.plain import plain_cnn
from prodsumnet.models.reference import reference_cnn
from prodsumnet.models.table import table_network
from prodsumnet.models.tied import tied_cnn
from prodsumnet.models.transform import transform_network
from prodsumnet.nn import Network

_ARCHITECTURES: dict[str, Callable[..., Network]] = {
    "cellular-network": cellular_network,
    "circulant-cnn": circulant_cnn,
    "decomposed-cnn": decomposed_cnn,
    "deep-fried-cnn": deep_fried_cnn,
    "diffractive-network": diffractive_network,
    "displacement-network": displacement_network,
    "hidden-layer": hidden_layer_network,
    "plain-cnn": plain_cnn,
    "reference-cnn": reference_cnn,
    "table-network": table_network,
    "tied-cnn": tied_cnn,
    "transform-network": transform_network,
}


def names() -> tuple[str, ...]:
    """Return the names of the architectures."""
    return tuple(_ARCHITECTURES)


def build(
    name: str,
    budget: int | None = None,
    seed: int = 0,
    family: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> Network:
    """Build an architecture with fresh numbers.

    Parameters
    ----------
    name : str
        One of `names`.
    budget : int, optional
        Number of trainable numbers, for architectures that have the choice.
    seed : int, optional
        Of the seeded parts of the structure. Trainable numbers come from torch's generator.
    family : str, optional
        One of `prodsumnet.families.names`, for architectures that have the choice.
    options : mapping, optional
        Other keyword arguments of the architecture.

    Raises
    ------
    ValueError
        If the name is unknown, a budget or family is given to an architecture that has no choice,
        or an option is unknown.
    """
    if name not in _ARCHITECTURES:
        raise ValueError(f"unknown network {name!r}, expected one of {', '.join(names())}")
    make = _ARCHITECTURES[name]
    taken = inspect.signature(make).parameters
    if budget is not None and "budget" not in taken:
        raise ValueError(f"{name} has no choice of its size, got budget {budget}")
    if family is not None and "family" not in taken:
        raise ValueError(f"{name} has no choice of its structure, got family {family!r}")
    options = {} if options is None else dict(options)
    known = sorted(taken.keys() - {"budget", "family", "seed"})
    for option in options:
        if option not in known:
            expected = f"its options are {', '.join(known)}" if known else "it has none"
            raise ValueError(f"{name} has no option {option!r}, {expected}")
    choices = {"budget": budget, "family": family} | options
    chosen = {key: value for key, value in choices.items() if value is not None}
    return make(**chosen, **({"seed": seed} if "seed" in taken else {}))
