"""What a person sees while a run goes on."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from prodsumnet.training import Epoch
from prodsumnet.training import Progress as Callback


def progress_bar(period: float = 30.0) -> Progress:
    """Return a bar on stderr with the time left, which only a terminal shows.

    Parameters
    ----------
    period : float, optional
        Seconds over which the speed is measured.
    """
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TextColumn("elapsed,"),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=Console(stderr=True),
        speed_estimate_period=period,
        disable=not sys.stderr.isatty(),
    )


@contextmanager
def training_bar(epochs: int) -> Iterator[Callback]:
    """Show a training on stderr: a bar with the time left, or a line an epoch if it is no terminal.

    Parameters
    ----------
    epochs : int
        How many epochs there will be.
    """
    terminal = sys.stderr.isatty()
    bar = progress_bar()
    task = bar.add_task("training", total=None)

    def update(done: int, total: int, last: Epoch | None) -> None:
        words = f"epoch {1 + (done - 1) * epochs // total} of {epochs}"
        if last is not None:
            words += f", validation {last.validation_accuracy:.2%}"
            if not terminal and last.epoch * total == done * epochs:
                print(describe(last, epochs), file=sys.stderr, flush=True)
        bar.update(task, completed=done, total=total, description=words)

    with bar:
        yield update


@contextmanager
def calibration_bar() -> Iterator[Callable[[int, int, str], None]]:
    """Show a calibration on stderr: a bar with the time left."""
    bar = progress_bar()
    task = bar.add_task("calibration", total=None)

    def update(done: int, total: int, words: str) -> None:
        bar.update(task, completed=done, total=total, description=words)

    with bar:
        yield update


def describe(epoch: Epoch, epochs: int) -> str:
    """Return one line about a finished epoch."""
    return (
        f"epoch {epoch.epoch} of {epochs}: loss {epoch.loss:.4f}, "
        f"validation {epoch.validation_accuracy:.2%}"
    )
