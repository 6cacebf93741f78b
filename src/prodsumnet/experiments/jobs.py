"""One run as a job: a folder named by its recipe, trained once, by one process at a time."""

import contextlib
import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import filelock

from prodsumnet.experiments.recipe import Recipe
from prodsumnet.experiments.record import Record, read_record
from prodsumnet.experiments.runner import RECORD, STATE, run
from prodsumnet.training import Epoch

LOCK = ".lock"
"""File of a job's folder. Only the lock that the system holds on it counts, which ends with its
process, however that ends: a file that a killed process left keeps nobody out."""

_LOOK_AGAIN = 0.5


@dataclass(frozen=True)
class Job:
    """A run of a sweep.

    Attributes
    ----------
    name : str
        What a person calls it.
    recipe : Recipe
        What is trained.
    folder : Path
        Where.
    """

    name: str
    recipe: Recipe = field(hash=False)  # it holds a dict; the folder is named by its digest
    folder: Path

    @property
    def command(self) -> str:
        """What one types to repeat this run alone; the same in whatever sweep it is."""
        return shlex.join(["prodsumnet", "train", json.dumps(self.recipe.changes())])


Watch = Callable[[Job, float], None]
"""Called with a job and the epochs of it that are done."""
Ended = tuple[Job, str | None]
"""A job that is done with, and the reason if it failed."""


def finished(job: Job) -> Record | None:
    """Return the record of a job that is finished.

    Raises
    ------
    ValueError
        If the folder holds something else than the record of this recipe.
    """
    path = job.folder / RECORD
    if not path.is_file():
        return None
    record = read_record(path)
    if record.recipe != job.recipe:
        raise ValueError(f"{path} is the record of another recipe; give another folder")
    if record.processes != 1:
        raise ValueError(
            f"{path} is the record of a training on {record.processes} processes, "
            "which has larger batches; give another folder"
        )
    return record


def execute(job: Job, watch: Watch | None = None, wait: bool = True) -> Record:
    """Finish a job, from its last finished epoch on, and return its record.

    What is finished is not repeated. What is of no use any more then is removed: the state of the
    training, and what killed processes have left.

    Parameters
    ----------
    job : Job
        What to do.
    watch : callable, optional
        See `Watch`.
    wait : bool, optional
        Wait as long as another process is at work in the folder.

    Raises
    ------
    filelock.Timeout
        If another process is at work in the folder, and ``wait`` is false.
    ValueError, ArithmeticError, OSError
        As `run`, and `finished`.
    """

    def progress(done: int, total: int, _: Epoch | None) -> None:
        if watch is not None:
            watch(job, done / total * job.recipe.training.epochs)

    job.folder.mkdir(parents=True, exist_ok=True)
    path = job.folder / LOCK
    with filelock.FileLock(path, -1 if wait else 0, poll_interval=_LOOK_AGAIN):
        record = finished(job) or run(job.recipe, job.folder, job.command, True, progress)
        # The lock too: who takes one that has no name any more finds the record, and does nothing.
        for leftover in (job.folder / STATE, *job.folder.glob(".*.partial"), path):
            with contextlib.suppress(OSError):
                leftover.unlink()
    return record


def tidy(job: Job) -> None:
    """Remove what a process that was killed has left beside the record of a finished job."""
    if (job.folder / LOCK).exists():
        with contextlib.suppress(filelock.Timeout):
            execute(job, wait=False)


def reason(error: BaseException) -> str:
    """Return one line about what made a job fail."""
    return " ".join(f"{type(error).__name__}: {error}".split())
