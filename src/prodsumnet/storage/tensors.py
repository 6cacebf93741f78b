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


def write(path: Path, tensors: dict[str, torch.Tensor], header: dict[str, Any]) -> None:
    """Write tensors and a JSON object, atomically.

    Raises
    ------
    OSError
        If the file cannot be written.
    ValueError
        If the header holds a number that is not finite.
    """
    text = json.dumps(header, separators=(",", ":"), allow_nan=False)
    contiguous = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    atomic.write_bytes(path, safetensors.torch.save(contiguous, metadata={_KEY: text}))


def read(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Read what `write` wrote; the format bounds what is allocated by the size of the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not a safetensors file, is too large, or has no header of ours.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise ValueError(f"{path} has {size} bytes, at most {MAX_BYTES} are read")
    try:
        with safetensors.safe_open(path, framework="pt", device="cpu") as file:
            metadata = file.metadata() or {}
            header = json.loads(metadata.get(_KEY, "null"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (safetensors.SafetensorError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not a readable safetensors file: {error}") from error
    if not isinstance(header, dict):
        raise ValueError(f"{path} has no {_KEY!r} entry in its metadata: not written by this library")
    return tensors, header
