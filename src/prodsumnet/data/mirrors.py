"""Public mirrors: plain web folders that hold the gzipped files of a data set."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread

import requests
from rich.progress import Progress

from prodsumnet.data.files import Contents, DataFile, read_verified
from prodsumnet.data.timeouts import Timeouts

CHUNK = 1 << 16


@dataclass(frozen=True)
class Mirror:
    """A web folder; ``NAME.gz`` is appended to its address.

    Attributes
    ----------
    url : str
        Address of the folder, with a slash at its end.
    """

    url: str

    def __str__(self) -> str:
        """Return the address."""
        return self.url

    def fetch(
        self, files: Sequence[DataFile], scratch: Path, timeouts: Timeouts, progress: Progress
    ) -> Contents:
        """Download the files, each one verified before the next is asked for.

        The scratch folder stays empty: a data set fits in memory.

        Raises
        ------
        OSError
            If a file cannot be had in time.
        ValueError
            If a file has wrong bytes.
        """
        contents: Contents = {}
        for file in files:
            # A gzip file is never much larger than what it holds.
            packed = _download(f"{self.url}{file.name}.gz", file.size + CHUNK, timeouts, progress)
            contents[file.name] = read_verified(file, packed)
        return contents


def _download(url: str, limit: int, timeouts: Timeouts, progress: Progress) -> bytearray:
    """Return what a server sends, in a thread that is left behind once it takes too long.

    requests' own time limits do not cover the name look-up, hold for each address of a host
    anew, and begin again with every byte received.
    """
    items: SimpleQueue[int | bytes | Exception | None] = SimpleQueue()
    given_up = Event()
    arguments = (url, timeouts, items, given_up)
    Thread(target=_receive, args=arguments, name=f"download {url}", daemon=True).start()
    task = progress.add_task(url.rsplit("/", 1)[-1], total=None)
    data = bytearray()
    wait = timeouts.connect
    try:
        while (item := items.get(timeout=wait)) is not None:
            if isinstance(item, Exception):
                raise item
            if isinstance(item, int):
                progress.update(task, total=item or None)
                wait = timeouts.stall
                continue
            data += item
            progress.advance(task, len(item))
            if len(data) > limit:
                raise OSError(f"{url}: sends more than the {limit} bytes that it can need")
    except Empty:
        raise TimeoutError(f"{url}: nothing came for {wait:g} s") from None
    finally:
        given_up.set()
    return data


def _receive(
    url: str,
    timeouts: Timeouts,
    items: "SimpleQueue[int | bytes | Exception | None]",
    given_up: Event,
) -> None:
    """Queue the announced length (0: unknown), the content in chunks, then None; or an error."""
    try:
        with requests.get(
            url,
            stream=True,
            timeout=(timeouts.connect, timeouts.stall),
            headers={"Accept-Encoding": "identity"},
        ) as response:
            response.raise_for_status()
            items.put(int(response.headers.get("Content-Length", 0)))
            for chunk in response.iter_content(CHUNK):
                if given_up.is_set():
                    return
                items.put(chunk)
        items.put(None)
    except Exception as error:  # handed over to the thread that waits
        items.put(error)
