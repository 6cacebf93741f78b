"""Families by name, and operators of a family at an exact number of trainable parameters."""

import importlib
import inspect
import pkgutil
from functools import cache
from typing import Any

import torch

from prodsumnet.families.family import Family
from prodsumnet.families.remainder import remainder
from prodsumnet.numerics import checks
from prodsumnet.operators import LinearOperator

MAX_REDUNDANT = 2**20
"""Largest budget beyond the number of entries of a matrix."""

_OWN_ARGUMENTS = 4


@cache
def _families() -> dict[str, Family]:
    """Return the families of this package's modules, found by discovery.

    Raises
    ------
    ValueError
        If the name of one is not its module's.
    """
    package = importlib.import_module(__package__ or "")
    found: dict[str, Family] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        family = getattr(importlib.import_module(f"{package.__name__}.{module}"), "FAMILY", None)
        if family is not None:
            if family.name.replace("-", "_") != module:
                raise ValueError(f"families/{module}.py must not define family {family.name!r}")
            found[family.name] = family
    return found


def names() -> tuple[str, ...]:
    """Names of all families, sorted."""
    return tuple(sorted(_families()))


def get(name: str) -> Family:
    """Return a family by name.

    Raises
    ------
    ValueError
        If there is no such family; the message lists the ones there are.
    """
    families = _families()
    if not isinstance(name, str) or name not in families:
        raise ValueError(
            f"unknown family {checks.show(name)}, expected one of {', '.join(families)}"
        )
    return families[name]


def build(
    name: str,
    out_features: int,
    in_features: int,
    budget: int,
    seed: int = 0,
    exact: bool = False,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
    **options: Any,
) -> LinearOperator:
    """Build an operator of a family within a budget of trainable numbers.

    Parameters
    ----------
    name : str
        One of `names`.
    out_features, in_features : int
        Shape, any.
    budget : int
        Most trainable real numbers; a complex number counts as two.
    seed : int, optional
        Of all that is fixed by seed.
    exact : bool, optional
        Have exactly ``budget`` trainable numbers: what the structure does not use goes into a
        seeded sparse term (`prodsumnet.families.remainder`).
    device, dtype
        Of the numbers; a complex family's become complex of the same precision.
    **options
        What else the family takes, see the docstring of its module.

    Returns
    -------
    LinearOperator
        With fresh numbers, such that unit-variance input gives unit-variance output.

    Raises
    ------
    TypeError
        If an argument has the wrong type, or the family does not take an option.
    ValueError
        If an argument is out of range; for a budget that is too small the message says the least.
    """
    family = get(name)
    shape = (
        checks.positive_int("out_features", out_features),
        checks.positive_int("in_features", in_features),
    )
    entries = checks.number_count(f"a matrix of {shape[0]}×{shape[1]}", *shape)
    budget = checks.positive_int("budget", budget, max(MAX_REDUNDANT, 2 * entries))
    seed = checks.seed_int(seed)
    if dtype is not None and (not isinstance(dtype, torch.dtype) or not dtype.is_floating_point):
        raise TypeError(f"dtype must be a real floating torch dtype, got {checks.show(dtype)}")
    _check_options(family, options)
    least = family.least(*shape, **options)
    if budget < least:
        raise ValueError(
            f"family {name!r} at {shape[0]}×{shape[1]} needs a budget of at least {least}, "
            f"got {budget}"
        )
    with torch.device(torch.empty(0, device=device).device):
        operator = family.build(*shape, budget, seed, **options)
        missing = budget - operator.num_trainable
        if exact and missing:
            operator = operator + remainder(*shape, missing, seed)
    if dtype is not None:
        operator = operator._apply(lambda t: _converted(t, dtype))
    if not any(number.is_meta for number in operator.parameters()):
        operator.reset_parameters()
    return operator


def _check_options(family: Family, options: dict[str, Any]) -> None:
    known = list(inspect.signature(family.build).parameters)[_OWN_ARGUMENTS:]
    for option in options:
        if option not in known:
            raise TypeError(
                f"family {family.name!r} takes "
                f"{'the options ' + ', '.join(known) if known else 'no options'}, got {option!r}"
            )


def _converted(tensor: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    if tensor.is_complex():
        return tensor.to(dtype.to_complex())
    return tensor.to(dtype) if tensor.is_floating_point() else tensor
