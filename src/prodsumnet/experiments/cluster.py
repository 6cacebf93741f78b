"""Jobs on an existing Dask cluster, whose workers may or may not share the folder of the runs."""

import contextlib
import queue
import shutil
import threading
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from platformdirs import user_cache_path

from prodsumnet.experiments.jobs import Ended, Job, Watch, execute, reason
from prodsumnet.experiments.runner import MODEL, RECIPE, RECORD, claim
from prodsumnet.storage import write_bytes

_TOPIC = "prodsumnet"

Files = dict[str, bytes]

# torch's random numbers and number of threads are of the whole process.
_ONE_AT_A_TIME = threading.Lock()


def train_on_cluster(
    jobs: Sequence[Job], scheduler: str, watch: Watch
) -> Generator[Ended, None, None]:
    """Train jobs on a cluster and yield each when it is done with.

    Dask does the job of a lost worker again elsewhere: from its last epoch on, if the other worker
    has the same folder, or is on the same machine.

    Parameters
    ----------
    jobs : sequence of Job
        What to do. A worker that sees their folders under the same path trains there; another one
        in its user's cache folder, and what it found is sent and written here.
    scheduler : str
        Address of the scheduler, such as ``tcp://host:8786``.
    watch : callable
        See `Watch`.

    Raises
    ------
    ModuleNotFoundError
        If distributed is not installed (``pip install 'prodsumnet[cluster]'``).
    OSError
        If there is no scheduler at the address.
    """
    try:
        from distributed import Client, Future
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "a cluster needs distributed: pip install 'prodsumnet[cluster]'", name=error.name
        ) from error
    news: queue.SimpleQueue[tuple[Job, Future | float]] = queue.SimpleQueue()
    by_folder = {str(job.folder.resolve()): job for job in jobs}

    def hear(event: tuple[float, Any]) -> None:
        folder, epochs = event[1]
        if folder in by_folder:  # another sweep may be on the same cluster
            news.put((by_folder[folder], float(epochs)))

    with Client(scheduler, set_as_default=False) as client:
        client.subscribe_topic(_TOPIC, hear)
        futures = []
        for folder, job in by_folder.items():
            # Its presence tells a worker that it sees this folder.
            claim(Path(folder), job.recipe)
            future = client.submit(_train, replace(job, folder=Path(folder)), pure=False)
            future.add_done_callback(lambda future, job=job: news.put((job, future)))
            futures.append(future)
        missing = len(futures)
        while missing:
            job, message = news.get()
            if isinstance(message, float):
                watch(job, message)
                continue
            missing -= 1
            yield job, _received(job, message)


def _received(job: Job, future: Any) -> str | None:
    """Write what a job sent, unless it is there; return the reason if it failed."""
    try:
        files: Files = future.result()
        for name, content in files.items():  # the record last
            if not (job.folder / name).exists():
                write_bytes(job.folder / name, content)
    except Exception as error:  # of the worker, of Dask or of the disk; the other jobs go on
        return reason(error)
    return None


def _train(job: Job) -> Files:
    """Finish a job on a worker and return its model and its record."""
    from distributed import get_worker

    worker, told, here = get_worker(), 0, job
    if not (job.folder / RECIPE).is_file():
        cache = user_cache_path("prodsumnet", appauthor=False)
        here = replace(job, folder=cache / "runs" / job.folder.name)

    def watch(_: Job, epochs: float) -> None:
        nonlocal told
        if int(epochs) > told:
            told = int(epochs)
            worker.log_event(_TOPIC, [str(job.folder), told])

    with _ONE_AT_A_TIME:
        torch.set_num_threads(worker.state.nthreads)
        execute(here, watch)
        files = {name: (here.folder / name).read_bytes() for name in (MODEL, RECORD)}
        if here is not job:
            with contextlib.suppress(OSError):
                shutil.rmtree(here.folder)
    return files
