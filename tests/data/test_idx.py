"""The IDX reader: round trips, and refusal of everything else without large allocations."""

import gzip
import math
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from prodsumnet.data import IdxError, read_idx
from prodsumnet.data.idx import MAX_ELEMENTS

shapes = st.lists(st.integers(1, 6), min_size=1, max_size=5).map(tuple)


def header(shape: tuple[int, ...], kind: int = 8) -> bytes:
    """Return a correct header."""
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, kind, len(shape), *shape)


@st.composite
def valid(draw: st.DrawFn) -> tuple[bytes, tuple[int, ...], bytes]:
    """Draw a valid file, with its shape and its elements."""
    shape = draw(shapes)
    size = math.prod(shape)
    body = draw(st.randoms(use_true_random=False)).randbytes(size)
    return header(shape) + body, shape, body


def peak_bytes(action: Callable[[], object], message: str) -> int:
    """Return the most memory that Python held while `action` was refused."""
    tracemalloc.start()
    try:
        with pytest.raises(IdxError, match=message):
            action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@given(valid(), st.booleans())
def test_round_trip(file: tuple[bytes, tuple[int, ...], bytes], packed: bool) -> None:
    """A valid file gives its elements in its shape."""
    content, shape, body = file
    tensor = read_idx(gzip.compress(content) if packed else content)
    assert tensor.dtype == torch.uint8
    assert tensor.shape == shape
    assert bytes(tensor.flatten().tolist()) == body


@pytest.mark.parametrize("kind", [str, Path])
@pytest.mark.parametrize("packed", [False, True])
def test_paths(tmp_path: Path, kind: type, packed: bool) -> None:
    """Files are read from paths, whatever their names."""
    content = header((2, 3)) + bytes(range(6))
    path = tmp_path / "any-name"
    path.write_bytes(gzip.compress(content) if packed else content)
    assert read_idx(kind(path)).tolist() == [[0, 1, 2], [3, 4, 5]]


def test_result_is_writable_and_independent() -> None:
    """The tensor owns its memory."""
    content = bytearray(header((3,)) + b"abc")
    tensor = read_idx(content)
    tensor[0] = 7
    assert content[-3:] == b"abc"


@given(valid(), st.data(), st.booleans())
def test_truncated(
    file: tuple[bytes, tuple[int, ...], bytes], data: st.DataObject, packed: bool
) -> None:
    """No proper beginning of a valid file is accepted, raw or gzipped."""
    content = gzip.compress(file[0]) if packed else file[0]
    cut = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(IdxError):
        read_idx(content[:cut])


@given(valid(), st.binary(min_size=1, max_size=50), st.booleans())
def test_oversized(file: tuple[bytes, tuple[int, ...], bytes], more: bytes, packed: bool) -> None:
    """Bytes after the last element are refused."""
    content = file[0] + more
    with pytest.raises(IdxError, match=r"found more than \d+"):
        read_idx(gzip.compress(content) if packed else content)


@given(valid(), st.integers(0, 1), st.integers(1, 255))
def test_wrong_magic(file: tuple[bytes, tuple[int, ...], bytes], position: int, value: int) -> None:
    """The first two bytes must be zero."""
    content = bytearray(file[0])
    content[position] = value
    with pytest.raises(IdxError, match="expected '00 00 08 d'"):
        read_idx(content)


@given(shapes, st.integers(0, 255).filter(lambda kind: kind != 8))
def test_wrong_type(shape: tuple[int, ...], kind: int) -> None:
    """Only unsigned bytes are read, though IDX knows other types."""
    with pytest.raises(IdxError, match=f"type is 0x{kind:02x}, expected 0x08"):
        read_idx(header(shape, kind) + bytes(math.prod(shape)))


@pytest.mark.parametrize("dimensions", [0, 9, 255])
def test_wrong_number_of_dimensions(dimensions: int) -> None:
    """A header has one to eight dimensions."""
    with pytest.raises(IdxError, match=f"has {dimensions} dimensions, expected 1 to 8"):
        read_idx(header((1,) * dimensions) + b"x")


def test_empty_dimension() -> None:
    """A dimension of zero is refused."""
    with pytest.raises(IdxError, match=r"\(3, 0\), expected no empty dimension"):
        read_idx(header((3, 0)))


@given(st.one_of(st.binary(max_size=80), st.binary(max_size=60).map(lambda b: b"\0\0\x08" + b)))
def test_random_bytes(content: bytes) -> None:
    """Random bytes are refused, or are by chance exactly what their header says."""
    try:
        tensor = read_idx(content)
    except IdxError as error:
        assert "expected" in str(error) or "gzip" in str(error)
    else:
        assert content == header(tuple(tensor.shape)) + bytes(tensor.flatten().tolist())


@given(valid(), st.data())
def test_damaged_gzip(file: tuple[bytes, tuple[int, ...], bytes], data: st.DataObject) -> None:
    """A changed byte in a gzip file is found out, or changes nothing."""
    packed = bytearray(gzip.compress(file[0]))
    position = data.draw(st.integers(0, len(packed) - 1))
    packed[position] ^= data.draw(st.integers(1, 255))
    try:
        tensor = read_idx(packed)
    except IdxError:
        return
    assert bytes(tensor.flatten().tolist()) == file[2]


@given(
    st.lists(st.sampled_from([2**31, 2**32 - 1, 2**16, 1]), min_size=1, max_size=8)
    .map(tuple)
    .filter(lambda shape: math.prod(shape) > 2**28)
)
def test_absurd_dimensions(shape: tuple[int, ...]) -> None:
    """A header may claim anything, and costs nothing."""
    content = header(shape) + bytes(100)
    assert peak_bytes(lambda: read_idx(content), r"expected at most 2\*\*28") < 1 << 20


@pytest.mark.parametrize("packed", [False, True])
def test_largest_claim_allocates_only_what_is_there(tmp_path: Path, packed: bool) -> None:
    """The largest shape allowed, with ten elements behind it, is refused cheaply."""
    content = header((MAX_ELEMENTS,)) + bytes(10)
    path = tmp_path / "claim"
    path.write_bytes(gzip.compress(content) if packed else content)
    assert peak_bytes(lambda: read_idx(path), "found only 10") < 4 << 20


def test_gzip_bomb() -> None:
    """A small file that unpacks to 64 MiB is not unpacked beyond what its header says."""
    bomb = gzip.compress(header((1000,)) + bytes(64 << 20))
    assert peak_bytes(lambda: read_idx(bomb), "found more than 1000") < 4 << 20


def test_missing_file(tmp_path: Path) -> None:
    """A missing file is an ordinary error of the file system."""
    with pytest.raises(FileNotFoundError, match="absent"):
        read_idx(tmp_path / "absent")


def test_wrong_argument() -> None:
    """What is neither bytes nor a path is a type error."""
    with pytest.raises(TypeError):
        read_idx(3)  # pyright: ignore[reportArgumentType]
