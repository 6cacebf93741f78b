"""Jobs on this machine: a few processes that share its cores."""

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

import filelock
import torch

from prodsumnet.experiments.jobs import Ended, Job, Watch, execute, reason
from prodsumnet.numerics import checks

MAX_DEATHS = 3
"""How many workers may die of one job before it counts as failed."""

_CONTEXT = multiprocessing.get_context("spawn")
_THREADS = "OMP_NUM_THREADS"
_BUSY = "busy"
_PACE = 0.5
"""Seconds between two messages about a job, and before one that is busy is tried again."""


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass
class _Worker:
    process: BaseProcess
    job: Job | None = None


def train_locally(jobs: Sequence[Job], workers: int, watch: Watch) -> Generator[Ended, None, None]:
    """Train jobs in processes of this machine and yield each when it is done with.

    A worker that dies is replaced and its job done again, from its last epoch on. A job that a
    process of another sweep is at work on is put off until the others are done. The workers end
    with this process, however it ends, and with the iteration.

    Parameters
    ----------
    jobs : sequence of Job
        What to do.
    workers : int
        How many processes; each gets its share of the cores.
    watch : callable
        See `Watch`.

    Raises
    ------
    TypeError, ValueError
        If there are no workers.
    """
    count = checks.positive_int("workers", workers, 1024)
    threads = max(1, cores() // count)
    queue, deaths = deque(jobs), Counter[Job]()
    busy, again = list[Job](), 0.0
    crew: dict[Connection, _Worker] = {}
    try:
        while queue or busy or any(worker.job for worker in crew.values()):
            while queue and (connection := _idle(crew) or _hired(crew, count, threads)):
                _assign(connection, crew, queue.popleft())
            if busy and time.monotonic() >= again:
                queue.extend(busy)
                busy.clear()
                continue
            for connection in wait(list(crew), _PACE if busy else None):
                assert isinstance(connection, Connection)
                worker = crew[connection]
                job = worker.job
                try:
                    message = connection.recv()
                except (EOFError, OSError):
                    _dismiss(connection, crew)
                    if job is not None:
                        deaths[job] += 1
                        if deaths[job] < MAX_DEATHS:
                            queue.appendleft(job)
                        else:
                            yield job, _obituary(worker.process)
                    continue
                assert job is not None
                if isinstance(message, float):
                    watch(job, message)
                    continue
                worker.job = None
                if message == _BUSY:
                    busy.append(job)
                    again = time.monotonic() + _PACE
                else:
                    yield job, message
    finally:
        for connection in list(crew):
            _dismiss(connection, crew)


def _idle(crew: dict[Connection, _Worker]) -> Connection | None:
    return next((connection for connection, worker in crew.items() if worker.job is None), None)


def _hired(crew: dict[Connection, _Worker], count: int, threads: int) -> Connection | None:
    """Start another worker, if there are not enough."""
    if len(crew) == count:
        return None
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=_serve, args=(theirs, threads), daemon=True)
    before = os.environ.get(_THREADS)
    os.environ[_THREADS] = str(threads)  # read once, when torch is imported
    try:
        process.start()
    finally:
        if before is None:
            del os.environ[_THREADS]
        else:
            os.environ[_THREADS] = before
    theirs.close()
    crew[ours] = _Worker(process)
    return ours


def _assign(connection: Connection, crew: dict[Connection, _Worker], job: Job) -> None:
    crew[connection].job = job
    with contextlib.suppress(OSError):  # a dead worker, which is seen when its answer is read
        connection.send(job)


def _dismiss(connection: Connection, crew: dict[Connection, _Worker]) -> None:
    process = crew.pop(connection).process
    connection.close()
    process.kill()  # it has nothing that is not on disk
    process.join()


def _obituary(process: BaseProcess) -> str:
    code = process.exitcode
    how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
    return f"its worker died {MAX_DEATHS} times, at last with {how}; is there enough memory?"


def _serve(connection: Connection, threads: int) -> None:
    """Train the jobs that come, and answer each with None or the reason of its failure."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's
    threading.Thread(target=_end_with_the_driver, daemon=True).start()
    torch.set_num_threads(threads)
    told = time.monotonic()

    def watch(job: Job, epochs: float) -> None:
        nonlocal told
        if time.monotonic() > told + _PACE or epochs == job.recipe.training.epochs:
            told = time.monotonic()
            with contextlib.suppress(OSError):  # without a driver, this process is about to end
                connection.send(float(epochs))

    while True:
        try:
            job = connection.recv()
        except (EOFError, OSError):
            return
        try:
            execute(job, watch, wait=False)
        except filelock.Timeout:
            answer = _BUSY
        except Exception as error:  # the other jobs go on
            answer = reason(error)
        else:
            answer = None
        with contextlib.suppress(OSError):
            connection.send(answer)


def _end_with_the_driver() -> None:
    driver = multiprocessing.parent_process()
    assert driver is not None
    driver.join()
    os._exit(1)
