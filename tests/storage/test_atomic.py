"""Whatever happens while a file is written, it is the old one or the new one."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from prodsumnet.storage import write_text
from prodsumnet.storage.atomic import write_bytes


def test_writes_and_replaces_and_makes_the_folder(tmp_path):
    path = tmp_path / "a" / "b" / "file"
    write_bytes(path, b"old")
    write_text(path, "né")
    assert path.read_bytes() == b"n\xc3\xa9"
    assert list(path.parent.iterdir()) == [path]


def test_permissions_are_those_of_any_new_file(tmp_path):
    write_bytes(tmp_path / "ours", b"")
    (tmp_path / "usual").write_bytes(b"")
    modes = {(tmp_path / name).stat().st_mode for name in ("ours", "usual")}
    assert len(modes) == 1


def failing(error):
    def fail(*arguments):
        raise error

    return fail


@pytest.mark.parametrize("call", ["os.fsync", "pathlib.Path.replace"])
@pytest.mark.parametrize("old", [b"old", None])
def test_a_full_disk_leaves_the_old_file(call, old, tmp_path, monkeypatch):
    path = tmp_path / "file"
    if old is not None:
        path.write_bytes(old)
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    monkeypatch.setattr(call, failing(full))
    with pytest.raises(OSError, match="No space left") as caught:
        write_bytes(path, b"new")
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.filename == str(path)
    assert [file.read_bytes() for file in tmp_path.iterdir()] == ([old] if old else [])


def test_an_interruption_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr("os.fsync", failing(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        write_bytes(path, b"new")
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"old"]


@pytest.mark.parametrize("moment", ["fsync", "rename"])
def test_a_killed_process_leaves_the_old_file(moment, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    source = Path(write_bytes.__code__.co_filename)
    program = f"""
import os, pathlib, runpy, signal
die = lambda *a: os.kill(os.getpid(), signal.SIGKILL)
if {moment!r} == "fsync": os.fsync = die
else: pathlib.Path.replace = die
runpy.run_path({str(source)!r})["write_bytes"](pathlib.Path({str(path)!r}), b"new" * 10**6)
"""
    done = subprocess.run([sys.executable, "-c", program], timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"


def test_the_content_is_on_disk_before_the_name(tmp_path, monkeypatch):
    order = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr("os.fsync", lambda handle: order.append("fsync") or fsync(handle))
    monkeypatch.setattr(Path, "replace", lambda *a: order.append("rename") or replace(*a))
    write_bytes(tmp_path / "file", b"new")
    assert order == ["fsync", "rename"]


def test_a_place_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    with pytest.raises((FileExistsError, NotADirectoryError), match="cannot write"):
        write_bytes(tmp_path / "file" / "below", b"")
    with pytest.raises(IsADirectoryError, match="cannot write"):
        write_bytes(tmp_path / "folder", b"")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]
