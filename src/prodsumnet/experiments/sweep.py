"""Carrying out the jobs of a sweep, and saying what it gave."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from prodsumnet.experiments.cluster import train_on_cluster
from prodsumnet.experiments.console import progress_bar
from prodsumnet.experiments.frontier import Refused
from prodsumnet.experiments.jobs import Ended, Job, finished, reason, tidy
from prodsumnet.experiments.pareto import pareto
from prodsumnet.experiments.record import Record
from prodsumnet.experiments.summary import grouped, markdown
from prodsumnet.experiments.workers import cores, train_locally

_SPEED_OVER = 600.0
"""Seconds over which the speed is measured that the time left is told from."""


@dataclass(frozen=True)
class Sweep:
    """The records of a sweep, and the jobs that failed with the reasons."""

    records: list[Record]
    failures: list[Ended]


def sweep(jobs: Sequence[Job], workers: int | None = None, scheduler: str | None = None) -> Sweep:
    """Carry out jobs, here or on a cluster; those that are finished already are not repeated.

    Parameters
    ----------
    jobs : sequence of Job
        What to do, each in its own folder.
    workers : int, optional
        How many processes of this machine; by default as many as there are cores.
    scheduler : str, optional
        Address of a Dask scheduler, whose workers do it instead.

    Raises
    ------
    TypeError, ValueError
        If there are no workers, or both are given.
    ModuleNotFoundError, OSError
        As `train_on_cluster`.
    """
    if workers is not None and scheduler is not None:
        raise ValueError("workers are of this machine; a scheduler has its own")
    records, failures, todo = dict[Job, Record](), list[Ended](), list[Job]()

    def collect(job: Job, failure: str | None) -> str | None:
        """Take the record of a job that should have one; return the reason if it has none."""
        try:
            record = None if failure else finished(job)
        except (OSError, ValueError) as error:
            record, failure = None, reason(error)
        if record is not None:
            records[job] = record
            tidy(job)
        return failure

    for job in jobs:
        if failure := collect(job, None):
            failures.append((job, failure))
        elif job not in records:
            todo.append(job)
    epochs = dict.fromkeys(todo, 0.0)
    bar, total = progress_bar(_SPEED_OVER), sum(job.recipe.training.epochs for job in todo)
    task = bar.add_task(f"0 of {len(todo)} runs", total=total)

    def watch(job: Job, done: float) -> None:
        epochs[job] = done
        bar.update(task, completed=sum(epochs.values()))

    if scheduler is None:
        ended = train_locally(todo, cores() if workers is None else workers, watch)
    else:
        ended = train_on_cluster(todo, scheduler, watch)
    with bar, contextlib.closing(ended):
        for number, (job, failure) in enumerate(ended, 1):
            watch(job, job.recipe.training.epochs)
            failure = collect(job, failure)
            if failure is None and job not in records:
                failure = f"there is no record of it in {job.folder}"
            if failure is not None:
                failures.append((job, failure))
            words = f"run {number} of {len(todo)}: {job.name}" + (f": {failure}" if failure else "")
            bar.console.print(words, markup=False, highlight=False, soft_wrap=True)
            bar.update(task, description=f"{number} of {len(todo)} runs")
    return Sweep([records[job] for job in jobs if job in records], failures)


def sweep_report(result: Sweep, refused: Sequence[Refused]) -> str:
    """Return what a sweep gave: the table, the Pareto front of every data set, what is missing."""
    groups, parts = grouped(result.records), []
    if groups:
        parts.append(markdown(groups))
    for dataset in dict.fromkeys(group.first.recipe.dataset for group in groups):
        front = pareto(group for group in groups if group.first.recipe.dataset == dataset)
        title = f"Pareto front of {dataset}, trainable numbers against validation error:"
        parts.append(f"{title}\n\n{markdown(front)}")
    missing = [f"- refused: {point}: {why}" for point, why in refused]
    missing += [f"- failed: {job.name}: {why}" for job, why in result.failures]
    return "\n\n".join([*parts, *(["\n".join(missing)] if missing else [])])
