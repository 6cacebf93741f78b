"""The IDX format of MNIST: a header of big-endian integers, then unsigned bytes.

Byte 0 and 1 are zero, byte 2 is the type (8: unsigned byte), byte 3 the number of dimensions
d; then d sizes of four bytes each, then the elements with the last index running fastest.

Source: LeCun, Cortes & Burges, "The MNIST database of handwritten digits", 1998.
"""

import math
import os
import struct
from pathlib import Path

import torch
from torch import Tensor

from prodsumnet.data.files import Readable, open_raw, read_up_to

UNSIGNED_BYTE = 0x08
MAX_DIMENSIONS = 8
MAX_ELEMENTS = 1 << 28  # five times MNIST's training images


class IdxError(ValueError):
    """The bytes are not a complete IDX file of unsigned bytes."""


def read_idx(source: bytes | bytearray | str | os.PathLike[str]) -> Tensor:
    """Read an IDX file of unsigned bytes, raw or gzipped.

    Parameters
    ----------
    source : bytes or path
        The content of the file, or where it is.

    Returns
    -------
    Tensor
        uint8, of the shape that the header gives; it owns its memory.

    Raises
    ------
    IdxError
        If the magic number, the type, the dimensions or the length are not as the format
        says, or the file would have more than 2**28 elements. The header is checked before
        any element is read, and memory grows only with what is really there.
    OSError
        If the file cannot be opened.
    TypeError
        If `source` is neither bytes nor a path.

    Notes
    -----
    The length is 4 + 4 d + Π_i n_i bytes for d dimensions of sizes n_i.
    """
    content = source if isinstance(source, bytes | bytearray) else Path(source)
    where = str(content) if isinstance(content, Path) else f"{len(content)} bytes"
    try:
        with open_raw(content) as stream:
            shape = _read_shape(stream)
            elements = math.prod(shape)
            if elements > MAX_ELEMENTS:
                raise IdxError(f"header says shape {shape}, expected at most 2**28 elements")
            data = read_up_to(stream, elements + 1)
    except ValueError as error:
        raise IdxError(f"{where}: {error}") from error
    if len(data) != elements:
        found = f"more than {elements}" if len(data) > elements else f"only {len(data)}"
        raise IdxError(
            f"{where}: header says shape {shape}, expected {elements} elements after it, "
            f"found {found}; the file is damaged, fetch it again"
        )
    return torch.frombuffer(data, dtype=torch.uint8).reshape(shape)


def _read_shape(stream: Readable) -> tuple[int, ...]:
    magic = read_up_to(stream, 4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise IdxError(f"begins with bytes {magic.hex(' ')!r}, expected '00 00 08 d' (IDX)")
    if magic[2] != UNSIGNED_BYTE:
        raise IdxError(f"element type is 0x{magic[2]:02x}, expected 0x08 (unsigned byte)")
    dimensions = magic[3]
    if not 1 <= dimensions <= MAX_DIMENSIONS:
        raise IdxError(f"has {dimensions} dimensions, expected 1 to {MAX_DIMENSIONS}")
    sizes = read_up_to(stream, 4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise IdxError(f"header ends after {len(sizes)} bytes of sizes, expected {4 * dimensions}")
    shape = struct.unpack(f">{dimensions}I", sizes)
    if 0 in shape:
        raise IdxError(f"header says shape {shape}, expected no empty dimension")
    return shape
