"""Checks of arguments, with messages that say what was given and what was expected."""

import math
import reprlib
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import cast

import torch

MAX_FEATURES = 2**31 - 1
"""Largest number of features an operator may have on one side."""

MAX_NUMBERS = 2**31 - 1
"""Largest number of numbers that one factor may hold."""


class _Short(reprlib.Repr):
    """Representations for messages: short, whatever the size or the depth of the value."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = 60
        self.maxtuple = self.maxlist = self.maxdict = 4
        self.maxlevel = 3

    def repr_int(self, x: int, level: int) -> str:
        # Python refuses to write integers of more than 4,300 digits.
        return repr(x) if abs(x) < 1 << 200 else f"an integer of {x.bit_length()} bits"


show = _Short().repr
"""``repr`` of any value for a message, cut to a bounded length."""


def positive_int(name: str, value: object, maximum: int = MAX_FEATURES) -> int:
    """Return ``value`` as a Python int in ``[1, maximum]``.

    Raises
    ------
    TypeError
        If ``value`` is not an integer.
    ValueError
        If ``value`` lies outside ``[1, maximum]``.
    """
    return bounded_int(name, value, 1, maximum)


def bounded_int(name: str, value: object, minimum: int, maximum: int) -> int:
    """Return ``value`` as a Python int in ``[minimum, maximum]``.

    Raises
    ------
    TypeError
        If ``value`` is not an integer.
    ValueError
        If ``value`` lies outside ``[minimum, maximum]``.
    """
    # The first test is for speed: checks against abstract classes are slow, sequences long.
    if type(value) is not int and (isinstance(value, bool) or not isinstance(value, Integral)):
        raise TypeError(f"{name} must be an integer, got {show(value)}")
    number = int(value)
    if not minimum <= number <= maximum:
        raise ValueError(f"{name} must lie between {minimum} and {maximum}, got {show(number)}")
    return number


def seed_int(value: object) -> int:
    """Return ``value`` as a seed, an integer in ``[0, 2**63)``.

    Raises
    ------
    TypeError, ValueError
        If ``value`` is not such an integer.
    """
    return bounded_int("seed", value, 0, 2**63 - 1)


def size_tuple(name: str, value: object, length: int, minimum: int = 1) -> tuple[int, ...]:
    """Return ``value``, an integer or a sequence of ``length`` integers, as a tuple.

    Raises
    ------
    TypeError
        If an entry is not an integer.
    ValueError
        If there are not ``length`` entries, or one is below ``minimum``.
    """
    values = (value,) * length if isinstance(value, Integral) else value
    if not isinstance(values, Sequence) or isinstance(values, str) or len(values) != length:
        raise ValueError(f"{name} must be an integer or {length} integers, got {show(value)}")
    return tuple(bounded_int(name, entry, minimum, MAX_FEATURES) for entry in values)


def int_sequence(name: str, value: object, maximum: int = MAX_FEATURES) -> tuple[int, ...]:
    """Return ``value``, a sequence or array of integers from 0 to ``maximum``, as a tuple.

    Raises
    ------
    TypeError
        If it is not a sequence or an entry is not an integer.
    ValueError
        If an entry lies outside ``[0, maximum]``.
    """
    if isinstance(value, str) or not hasattr(value, "__len__") or not hasattr(value, "__iter__"):
        raise TypeError(f"{name} must be a sequence of integers, got {show(value)}")
    return tuple(bounded_int(name, entry, 0, maximum) for entry in cast(Iterable, value))


def number_count(name: str, *sizes: int) -> int:
    """Return the product of ``sizes``, refused before anything so large is allocated.

    Raises
    ------
    ValueError
        If the product exceeds `MAX_NUMBERS`.
    """
    count = math.prod(sizes)
    if count > MAX_NUMBERS:
        raise ValueError(
            f"{name} would hold {show(count)} numbers, at most {MAX_NUMBERS} are allowed"
        )
    return count


def numeric_dtype(dtype: torch.dtype | None) -> torch.dtype:
    """Return ``dtype`` or torch's default, if it is a real or complex floating type.

    Raises
    ------
    TypeError
        If ``dtype`` is not a floating or complex torch dtype.
    """
    chosen = torch.get_default_dtype() if dtype is None else dtype
    if not isinstance(chosen, torch.dtype) or not (chosen.is_floating_point or chosen.is_complex):
        raise TypeError(f"dtype must be a floating or complex torch dtype, got {show(dtype)}")
    return chosen


def autocasting(device: torch.device) -> bool:
    """Whether automatic mixed precision is on, which converts numbers and input as it goes."""
    kind = device.type
    if kind != "cpu" and not torch.amp.is_autocast_available(kind):
        return False
    return torch.is_autocast_enabled(kind)


def unify(x: torch.Tensor, numbers: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return both tensors complex if either is; precision is left to the caller."""
    if x.is_complex() == numbers.is_complex():
        return x, numbers
    dtype = torch.promote_types(x.dtype, numbers.dtype)
    return x.to(dtype), numbers.to(dtype)
