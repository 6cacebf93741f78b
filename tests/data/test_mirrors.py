"""Mirrors, against a local server with every fault that a network has."""

from __future__ import annotations

import gzip
import io
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from prodsumnet.data import DataUnavailableError, Timeouts
from prodsumnet.data.mirrors import Mirror
from prodsumnet.data.progress import make_progress
from prodsumnet.data.sources import acquire

if TYPE_CHECKING:
    from conftest import FaultyServer, Sample

QUICK = Timeouts(connect=0.5, stall=0.5, client=5.0)
SLOW_BUT_BOUNDED = 10.0  # seconds; the faulty servers below would keep a client far longer


def cut_off(handler: BaseHTTPRequestHandler) -> None:
    """Promise more than is sent, and hang up."""
    handler.send_response(200)
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(gzip.compress(bytes(100))[:20])


def cut_off_unannounced(handler: BaseHTTPRequestHandler) -> None:
    """Hang up in the middle of a gzip stream whose length was not told."""
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(gzip.compress(bytes(10))[:-4])


def silent(handler: BaseHTTPRequestHandler) -> None:
    """Take the request, and never answer."""
    handler.server.closing.wait(20)  # pyright: ignore[reportAttributeAccessIssue]


def stalling(handler: BaseHTTPRequestHandler) -> None:
    """Begin, and then say nothing more."""
    handler.send_response(200)
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(b"\x1f\x8b")
    silent(handler)


def dripping(handler: BaseHTTPRequestHandler) -> None:
    """Send a byte now and then, so that no limit on a single read is ever reached."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.closing.wait(0.05):  # pyright: ignore[reportAttributeAccessIssue]
        handler.wfile.write(b"x")


def endless(handler: BaseHTTPRequestHandler) -> None:
    """Send zeros for ever."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(bytes(1 << 16))


def unpacked_on_the_way(handler: BaseHTTPRequestHandler) -> None:
    """Send the gzip file as an encoding of the raw one, as some stores do."""
    raw = handler.server.raw  # pyright: ignore[reportAttributeAccessIssue]
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.end_headers()
    handler.wfile.write(gzip.compress(raw))


def test_good_mirror(server: FaultyServer, sample: Sample, cache: Path) -> None:
    """Four requests, and the cache holds the raw files under their usual names and no more."""
    folder, contents = acquire(sample.info(server.mirror("good", sample)), None, QUICK)
    assert folder == cache / "mnist"
    assert contents == sample.raw
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == sample.raw
    assert server.asked == [f"/good/{name}.gz" for name in sample.raw]


def test_second_time_asks_nobody(server: FaultyServer, sample: Sample) -> None:
    """What is in the cache is not fetched again."""
    info = sample.info(server.mirror("good", sample))
    first = acquire(info, None, QUICK)
    server.asked.clear()
    assert acquire(info, None, QUICK) == first
    assert server.asked == []


def test_server_that_unpacks(server: FaultyServer, sample: Sample) -> None:
    """The bytes are judged by what they are."""
    server.raw = sample.raw["train-labels-idx1-ubyte"]  # pyright: ignore
    mirror = server.mirror("odd", sample, train_labels_idx1_ubyte=unpacked_on_the_way)
    assert acquire(sample.info(mirror), None, QUICK)[1] == sample.raw


FAULTS = {
    "wrong bytes": (gzip.compress(b"fifteen letters"), "SHA-256 of the raw bytes is"),
    "not gzip": (b"<html>", "holds 6 bytes uncompressed, expected 15"),
    "bomb": (gzip.compress(bytes(1 << 20)), "holds more than 15 bytes"),
    "cut off": (cut_off, "IncompleteRead"),
    "cut off unannounced": (cut_off_unannounced, "damaged gzip data"),
    "silent": (silent, "nothing came for 0.5 s|timed out"),
    "stalling": (stalling, "nothing came for 0.5 s|timed out"),
    "dripping": (dripping, "nothing came for 0.5 s"),
    "endless": (endless, "sends more than the 65551 bytes that it can need"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_in_the_second_file(
    server: FaultyServer, sample: Sample, cache: Path, fault: str
) -> None:
    """A mirror is left at its first fault, leaves no trace, and the next one is tried."""
    answer, reason = FAULTS[fault]
    bad = server.mirror("bad", sample, train_labels_idx1_ubyte=answer)
    started = time.monotonic()
    with pytest.raises(DataUnavailableError, match=f"/bad/: .*({reason})"):
        acquire(sample.info(bad), None, QUICK)
    assert time.monotonic() - started < SLOW_BUT_BOUNDED
    assert server.asked == [f"/bad/{name}.gz" for name in list(sample.raw)[:2]]
    assert list((cache / "mnist").iterdir()) == []

    server.asked.clear()
    good = server.mirror("good", sample)
    assert acquire(sample.info(bad, good), None, QUICK)[1] == sample.raw
    assert [path.split("/")[1] for path in server.asked] == ["bad"] * 2 + ["good"] * 4


def test_thread_left_behind_ends(server: FaultyServer, sample: Sample) -> None:
    """A download that is given up does not go on receiving."""
    bad = server.mirror("bad", sample, train_labels_idx1_ubyte=endless)
    with pytest.raises(DataUnavailableError):
        acquire(sample.info(bad), None, QUICK)
    for thread in threading.enumerate():
        if thread.name.startswith("download "):
            thread.join(SLOW_BUT_BOUNDED)
            assert not thread.is_alive()


def test_not_found(server: FaultyServer, sample: Sample) -> None:
    """A mirror without the files costs one request."""
    nowhere = Mirror(f"http://127.0.0.1:{server.server_port}/nowhere/")
    with pytest.raises(DataUnavailableError, match=r"/nowhere/: 404 .*Not Found"):
        acquire(sample.info(nowhere), None, QUICK)
    assert server.asked == ["/nowhere/train-images-idx3-ubyte.gz"]


def test_refused_connection(sample: Sample) -> None:
    """A closed port is one of the reasons."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        mirror = Mirror(f"http://127.0.0.1:{unused.getsockname()[1]}/")
        with pytest.raises(DataUnavailableError, match="refused"):
            acquire(sample.info(mirror), None, QUICK)


def test_hanging_name_look_up(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a name server that never answers costs no more than the time to connect."""
    release = threading.Event()

    def look_up(*_: object, **__: object) -> list[object]:
        release.wait(20)
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    started = time.monotonic()
    with pytest.raises(DataUnavailableError, match=r"nothing came for 0\.5 s"):
        acquire(sample.info(Mirror("http://mirror.invalid/")), None, QUICK)
    assert time.monotonic() - started < SLOW_BUT_BOUNDED
    release.set()


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def test_bars_on_a_terminal_only(
    server: FaultyServer,
    sample: Sample,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A terminal sees the files go by; a log file sees nothing."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    info = sample.info(server.mirror("good", sample))
    folder, _ = acquire(info, None, QUICK)
    assert capsys.readouterr() == ("", "")
    (folder / "train-labels-idx1-ubyte").unlink()
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    acquire(info, None, QUICK)
    assert "train-images-idx3-ubyte.gz" in terminal.getvalue()


def test_bars_know_how_far_they_are(server: FaultyServer, sample: Sample, tmp_path: Path) -> None:
    """Each file has a bar that ends at the length the server announced."""
    mirror = server.mirror("good", sample)
    progress = make_progress()
    mirror.fetch(sample.info().files, tmp_path, QUICK, progress)
    lengths = [len(gzip.compress(raw)) for raw in sample.raw.values()]
    assert [task.total for task in progress.tasks] == lengths
    assert [task.completed for task in progress.tasks] == lengths


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan")])
def test_timeouts_are_positive(seconds: float) -> None:
    """A limit of zero would never let anything through."""
    with pytest.raises(ValueError, match=r"timeout stall=.*expected a positive number"):
        Timeouts(stall=seconds)
