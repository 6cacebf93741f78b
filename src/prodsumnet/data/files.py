"""Files that may be gzipped: read within bounds, and accepted by digest only."""

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

CHUNK = 1 << 20

Contents = dict[str, bytearray]
"""The raw bytes of a data set's files, by their usual names."""


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the end."""
        ...


@dataclass(frozen=True)
class DataFile:
    """One file of a data set: its usual name, and what its uncompressed bytes must be.

    Attributes
    ----------
    name : str
        Usual name of the raw file, such as ``train-images-idx3-ubyte``.
    size : int
        Length of the raw file, in bytes.
    digest : str
        SHA-256 of the raw file, in hexadecimal.
    """

    name: str
    size: int
    digest: str

    @property
    def variants(self) -> tuple[str, ...]:
        """File names under which it is accepted, the first one present being the one read."""
        dotted = self.name.replace("-idx", ".idx")
        return (self.name, f"{self.name}.gz", dotted, f"{dotted}.gz")


@contextmanager
def open_raw(source: bytes | bytearray | Path) -> Iterator[Readable]:
    """Open bytes or a file for reading, through gzip if it begins like gzip.

    The content decides and not the name, since some servers unpack ``.gz`` files on the way.

    Raises
    ------
    OSError
        If the file cannot be opened.
    """
    stream = source.open("rb") if isinstance(source, Path) else io.BytesIO(source)
    with stream:
        is_gzip = stream.read(2) == b"\x1f\x8b"
        stream.seek(0)
        yield gzip.GzipFile(fileobj=stream) if is_gzip else stream


def read_up_to(stream: Readable, limit: int) -> bytearray:
    """Read at most `limit` bytes; memory grows only with what is really there.

    Raises
    ------
    ValueError
        If the stream is gzip and damaged or cut off.
    """
    data = bytearray()
    try:
        # In chunks, because read(n) may set n bytes aside before it has seen any.
        while len(data) < limit and (chunk := stream.read(min(CHUNK, limit - len(data)))):
            data += chunk
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"damaged gzip data: {error}") from error
    return data


def read_verified(file: DataFile, source: bytes | bytearray | Path) -> bytearray:
    """Return the raw bytes of a file, or refuse them.

    Raises
    ------
    ValueError
        If the bytes are not those of `file`.
    OSError
        If the file cannot be read.
    """
    where = source.name if isinstance(source, Path) else file.name
    try:
        with open_raw(source) as stream:
            data = read_up_to(stream, file.size + 1)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
    if len(data) != file.size:
        found = f"more than {file.size}" if len(data) > file.size else str(len(data))
        raise ValueError(f"{where}: holds {found} bytes uncompressed, expected {file.size}")
    digest = hashlib.sha256(data).hexdigest()
    if digest != file.digest:
        raise ValueError(f"{where}: SHA-256 of the raw bytes is {digest}, expected {file.digest}")
    return data


def read_folder(files: Sequence[DataFile], folder: Path) -> Contents:
    """Return the raw bytes of all files in a folder, or refuse the folder.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or it has none of the files.
    ValueError
        If a file is missing, unreadable or wrong; the message names every such file.
    """
    if not folder.is_dir():
        raise FileNotFoundError("there is no such folder")
    if not any((folder / name).exists() for file in files for name in file.variants):
        raise FileNotFoundError("none of the files is there")
    contents: Contents = {}
    problems: list[str] = []
    for file in files:
        present = [folder / name for name in file.variants if (folder / name).exists()]
        if not present:
            problems.append(f"{file.name}[.gz]: missing")
            continue
        try:
            contents[file.name] = read_verified(file, present[0])
        except (OSError, ValueError) as error:
            problems.append(str(error))
    if problems:
        raise ValueError("; ".join(problems))
    return contents
