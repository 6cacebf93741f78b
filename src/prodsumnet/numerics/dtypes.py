"""The names that types of numbers have in specs and files."""

import torch

from prodsumnet.numerics import checks

DEFAULT = torch.float32
"""The type that a spec leaves out."""

_BY_NAME = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.float16,
        torch.bfloat16,
        torch.float32,
        torch.float64,
        torch.complex64,
        torch.complex128,
    )
}


def name(dtype: torch.dtype) -> str:
    """Return the name of a type, torch's own without its prefix."""
    return str(dtype).removeprefix("torch.")


def named(value: object) -> torch.dtype:
    """Return the floating or complex type of a name.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if not isinstance(value, str) or value not in _BY_NAME:
        raise ValueError(f"dtype must be one of {sorted(_BY_NAME)}, got {checks.show(value)}")
    return _BY_NAME[value]


_REAL = {
    torch.complex32: torch.float16,
    torch.complex64: torch.float32,
    torch.complex128: torch.float64,
}


def precision(dtype: torch.dtype) -> torch.dtype:
    """Return the real type of the same precision; torch's own method cannot be traced."""
    return _REAL.get(dtype, dtype)
