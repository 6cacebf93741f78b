"""Named tensors and one JSON object in a safetensors file."""

import json
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch

from prodsumnet.storage import atomic

_KEY = "prodsumnet"
MAX_BYTES = 2**32
"""Largest file that is opened."""
MAX_HEADER = 2**24
"""Largest header, which is the JSON object and the names and shapes of the tensors."""


def as_real(tensor: torch.Tensor) -> torch.Tensor:
    """Return the numbers of a tensor as real ones in the same memory, two for a complex one."""
    numbers = tensor.detach().resolve_conj()
    return torch.view_as_real(numbers) if numbers.is_complex() else numbers


def write(path: Path, tensors: dict[str, torch.Tensor], header: dict[str, Any]) -> None:
    """Write tensors and a JSON object, atomically.

    Raises
    ------
    OSError
        If the file cannot be written.
    ValueError
        If the header holds a number that is not finite, or the file would be too large to be read.
    """
    text = json.dumps(header, separators=(",", ":"), allow_nan=False)
    contiguous = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    content = safetensors.torch.save(contiguous, metadata={_KEY: text})
    if len(content) > MAX_BYTES or _header_size(content) > MAX_HEADER:
        raise ValueError(
            f"{path} would have {len(content)} bytes, {_header_size(content)} of them for its "
            f"header; at most {MAX_BYTES} and {MAX_HEADER} can be read"
        )
    atomic.write_bytes(path, content)


def read(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Read what `write` wrote; what is allocated is bounded by the size of the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not a safetensors file, is too large, or has no header of ours.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    _check_size(path)
    try:
        with safetensors.safe_open(path, framework="pt", device="cpu") as file:
            header = json.loads((file.metadata() or {}).get(_KEY, "null"))
            names = list(file.keys())
            tensors = {name: file.get_tensor(name) for name in names}
    # A type of numbers that torch has not is an AttributeError or a KeyError of the package.
    except (
        safetensors.SafetensorError,
        ValueError,
        RecursionError,
        AttributeError,
        KeyError,
    ) as error:
        raise ValueError(f"{path} is not a readable safetensors file: {error}") from error
    if not isinstance(header, dict):
        raise ValueError(f"{path} was not written by this library: no {_KEY!r} in its metadata")
    return tensors, header


def _check_size(path: Path) -> None:
    size = path.stat().st_size
    with path.open("rb") as file:
        header = _header_size(file.read(8))
    if size > MAX_BYTES or header > min(size, MAX_HEADER):
        raise ValueError(
            f"{path} is not a readable safetensors file: {size} bytes, and {header} of them said "
            f"to be its header; at most {MAX_BYTES} and {MAX_HEADER} are read"
        )


def _header_size(content: bytes) -> int:
    return int.from_bytes(content[:8], "little")
