"""Files are accepted under their usual names, raw or gzipped, and by digest only."""

from __future__ import annotations

import gzip
import hashlib
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodsumnet.data.files import DataFile, read_folder, read_verified

if TYPE_CHECKING:
    from conftest import Sample

RAW = bytes(range(200))
FILE = DataFile("some-idx1-ubyte", len(RAW), hashlib.sha256(RAW).hexdigest())


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("dotted", [False, True])
def test_accepted_names(sample: Sample, tmp_path: Path, packed: bool, dotted: bool) -> None:
    """Dashes and dots, raw and gzipped, are all accepted."""

    def name(usual: str) -> str:
        return usual.replace("-idx", ".idx" if dotted else "-idx") + (".gz" if packed else "")

    sample.write(tmp_path, name, packed)
    contents = read_folder(sample.info().files, tmp_path)
    assert contents == sample.raw
    assert list(contents) == list(sample.raw)


def test_content_decides_and_not_the_name(sample: Sample, tmp_path: Path) -> None:
    """A .gz file that a server has unpacked on the way is read as what it is."""
    sample.write(tmp_path, name=lambda usual: f"{usual}.gz")
    assert read_folder(sample.info().files, tmp_path) == sample.raw


@given(st.binary(max_size=300).filter(lambda content: content != RAW), st.booleans())
def test_wrong_bytes_are_refused(content: bytes, packed: bool) -> None:
    """Whatever is not the file is refused."""
    with pytest.raises(ValueError, match=r"expected|gzip"):
        read_verified(FILE, gzip.compress(content) if packed else content)


def test_one_wrong_bit_is_refused() -> None:
    """The right length is not enough."""
    wrong = RAW[:-1] + bytes([RAW[-1] ^ 1])
    found = hashlib.sha256(wrong).hexdigest()
    with pytest.raises(ValueError, match=f"is {found}, expected {FILE.digest}"):
        read_verified(FILE, wrong)


def test_gzip_bomb_is_not_unpacked() -> None:
    """Unpacking stops one byte after what is expected."""
    bomb = gzip.compress(bytes(64 << 20))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="holds more than 200 bytes uncompressed"):
            read_verified(FILE, bomb)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_every_problem_of_a_folder_is_told(sample: Sample, tmp_path: Path) -> None:
    """One message names the missing, the short and the damaged file."""
    sample.write(tmp_path)
    (tmp_path / "train-images-idx3-ubyte").unlink()
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(b"short")
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(b"\x1f\x8bdamaged")
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte\[.gz\]: missing") as caught:
        read_folder(sample.info().files, tmp_path)
    assert "train-labels-idx1-ubyte: holds 5 bytes" in str(caught.value)
    assert "t10k-images-idx3-ubyte: damaged gzip data" in str(caught.value)
    assert "t10k-labels" not in str(caught.value)


def test_a_directory_in_place_of_a_file_is_refused(sample: Sample, tmp_path: Path) -> None:
    """What cannot be read is a problem like any other."""
    sample.write(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    (tmp_path / "t10k-labels-idx1-ubyte").mkdir()
    with pytest.raises(ValueError, match="t10k-labels-idx1-ubyte"):
        read_folder(sample.info().files, tmp_path)


def test_nothing_there(sample: Sample, tmp_path: Path) -> None:
    """A missing or an empty folder is told from one with wrong files."""
    with pytest.raises(FileNotFoundError, match="none of the files"):
        read_folder(sample.info().files, tmp_path)
    with pytest.raises(FileNotFoundError, match="no such folder"):
        read_folder(sample.info().files, tmp_path / "absent")
