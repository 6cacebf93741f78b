"""From folders to files."""

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from prodsumnet.experiments.pareto import Cost
from prodsumnet.experiments.report.collect import collect
from prodsumnet.experiments.report.page import page
from prodsumnet.experiments.report.static import draw
from prodsumnet.storage import write_text


def write_report(
    sources: Sequence[str],
    out: Path | None,
    static: Path | None = None,
    cost: Cost = "trainable",
    command: str = "",
) -> list[Path]:
    """Report runs, records and networks.

    Parameters
    ----------
    sources : sequence of str
        Folders of runs or of records, and names of shipped networks.
    out : Path or None
        The HTML file: one page that needs nothing else.
    static : Path, optional
        An SVG or PNG file of the curves, or a folder for them.
    cost : {'trainable', 'stored', 'bytes', 'macs'}, optional
        The horizontal axis of the static curves; that of the page can be chosen there.
    command : str, optional
        The command that makes the report, which the page names.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    FileNotFoundError, ValueError
        If a source cannot be read.
    ModuleNotFoundError
        If a package of the extra ``report`` is not installed.
    OSError
        If a file cannot be written.
    """
    if out is not None and out.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(out))
    collection = collect(sources)
    files = []
    if out is not None:
        write_text(out, page(collection, command))
        files.append(out)
    if static is not None:
        files += draw(collection.datasets, static, cost)
    return files
