"""The order in which a data set is looked for, and its safe arrival in the cache."""

import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from platformdirs import user_cache_path

from prodsumnet.data.catalogue import DatasetInfo
from prodsumnet.data.files import Contents, read_folder
from prodsumnet.data.progress import make_progress
from prodsumnet.data.timeouts import Timeouts

ENVIRONMENT_VARIABLE = "PRODSUMNET_DATA"

_log = logging.getLogger(__name__)


class DataUnavailableError(OSError):
    """A data set could not be had; the message lists each source tried and why it failed."""


def cache_folder(info: DatasetInfo) -> Path:
    """Return where fetched files of a data set are kept, whether it exists or not."""
    return user_cache_path("prodsumnet", appauthor=False) / "data" / info.name


def find_local(
    info: DatasetInfo, root: str | os.PathLike[str] | None, failures: list[str]
) -> tuple[Path, Contents] | None:
    """Return the first local folder that holds the data set, with the verified raw bytes.

    A folder that the user gives is the only one looked at. What is refused is added to
    `failures`, and also logged where the search goes on, so that nobody is misled about which
    data is used.
    """
    for label, root_folder in _local_roots(info, root, failures):
        try:
            folder = _subfolder(info, root_folder)
            return folder, read_folder(info.files, folder)
        except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: no such home
            failures.append(f"{label} {root_folder}: {error}")
            unasked = label != ENVIRONMENT_VARIABLE and isinstance(error, FileNotFoundError)
            if root is None and not unasked:
                _log.warning("%s: not used: %s", info.name, failures[-1])
    return None


def acquire(
    info: DatasetInfo, root: str | os.PathLike[str] | None, timeouts: Timeouts
) -> tuple[Path, Contents]:
    """Return a folder that holds the data set, with the verified raw bytes; fetch if needed.

    Raises
    ------
    DataUnavailableError
        If the folder given is bad or, with none given, no source has the data set.
    """
    failures: list[str] = []
    found = find_local(info, root, failures)
    if found is None and root is None:
        found = _fetch(info, cache_folder(info), timeouts, failures)
    if found is None:
        raise unavailable(info, failures)
    return found


def unavailable(info: DatasetInfo, failures: Sequence[str]) -> DataUnavailableError:
    """Return the error that tells what was tried, and what to do."""
    names = ", ".join(file.name for file in info.files)
    tried = "\n".join(f"  {number}. {failure}" for number, failure in enumerate(failures, 1))
    return DataUnavailableError(
        f"{info.name} could not be had; tried:\n{tried}\n"
        f"Expected the files {names}, raw or gzipped. To go on, put them into a folder and give "
        f"it as root or in the environment variable {ENVIRONMENT_VARIABLE}."
    )


def _local_roots(
    info: DatasetInfo, root: str | os.PathLike[str] | None, failures: list[str]
) -> Iterator[tuple[str, Path]]:
    if root is not None:
        yield "the folder given,", Path(root)
        return
    if named := os.environ.get(ENVIRONMENT_VARIABLE):
        yield ENVIRONMENT_VARIABLE, Path(named)
    else:
        failures.append(f"{ENVIRONMENT_VARIABLE}: not set")
    yield "cache folder", cache_folder(info)


def _subfolder(info: DatasetInfo, root: Path) -> Path:
    """Both data sets use the same file names, so one root keeps them in folders NAME."""
    root = root.expanduser()
    return root / info.name if (root / info.name).is_dir() else root


def _fetch(
    info: DatasetInfo, target: Path, timeouts: Timeouts, failures: list[str]
) -> tuple[Path, Contents] | None:
    """Fetch from the first remote that has the data set, into `target`.

    Everything is written inside a temporary folder in `target`, and moved out when all of it
    is verified. Renaming is atomic and every writer brings the same bytes, so processes may
    race, and a killed one leaves nothing that has a data file's name and not its content.
    """
    try:
        target.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".partial-", dir=target) as scratch:
            for remote in info.remotes:
                room = Path(mkdtemp(dir=scratch))
                _log.info("%s: fetching from %s", info.name, remote)
                try:
                    with make_progress() as progress:
                        contents = remote.fetch(info.files, room, timeouts, progress)
                except (OSError, ValueError) as error:
                    failures.append(f"{remote}: {error}")
                    continue
                for name, data in contents.items():
                    (room / name).write_bytes(data)
                    (room / name).replace(target / name)
                return target, contents
    except OSError as error:
        failures.append(f"cache folder {target}: cannot be written: {error}")
    return None
