"""The benchmark as it runs: line by line, each kept as soon as it is measured."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from prodsumnet.experiments.benchmark.contest import measure
from prodsumnet.experiments.benchmark.machine import (
    Machine,
    check_same,
    last_cache,
    measure_machine,
    read_machine,
)
from prodsumnet.experiments.benchmark.measurement import Measurement, read_measurement
from prodsumnet.experiments.benchmark.roofline import draw_roofline
from prodsumnet.experiments.benchmark.selection import Line
from prodsumnet.experiments.benchmark.summary import summary, table
from prodsumnet.numerics import checks
from prodsumnet.storage import write_text

Watch = Callable[[int, str], None]
"""Told how many lines are done, and the name of the next."""

_MOST_THREADS = 1024
_MOST_SECONDS = 60.0
_MACHINE, _LINES = "machine.json", "lines"


@dataclass(frozen=True)
class Result:
    """What was chosen, measured now or before, and where it is."""

    machine: Machine
    measurements: list[Measurement]
    folder: Path

    @property
    def text(self) -> str:
        """Table and summary in Markdown."""
        return f"{table(self.measurements)}\n\n{summary(self.measurements, self.machine)}"


def benchmark(
    chosen: Sequence[Line],
    out: Path,
    command: str,
    threads: int = 1,
    cold: bool = False,
    seconds: float = 0.05,
    again: bool = False,
    watch: Watch = lambda done, name: None,
) -> Result:
    """Measure lines that are not measured yet, and report all that were chosen.

    Parameters
    ----------
    chosen : sequence of Line
        See `lines`.
    out : Path
        Folder of the result, which has one of its own for each number of threads and state of the
        caches: the machine, a file a line, and of all lines in it a table and a picture.
    command : str
        The command to be recorded.
    threads : int, optional
        For torch.
    cold : bool, optional
        Go through a buffer larger than the largest cache before each call.
    seconds : float, optional
        About how long each contender is measured in each of the two modes.
    again : bool, optional
        Measure what is already measured, too.
    watch : callable, optional
        Told of each line that starts.

    Raises
    ------
    ValueError
        If an argument is out of range, or the folder is of another machine or other versions.
    OSError
        If a file cannot be read or written.
    ModuleNotFoundError
        If matplotlib is not installed (``pip install 'prodsumnet[figures]'``).
    """
    threads = checks.positive_int("threads", threads, _MOST_THREADS)
    if not 0 < seconds <= _MOST_SECONDS:
        raise ValueError(f"seconds must lie between 0 and {_MOST_SECONDS:.0f}, got {seconds}")
    folder = out / f"{threads}-thread{'s' * (threads > 1)}-{'cold' if cold else 'hot'}"
    evicted = 2 * last_cache() if cold else 0
    found = []
    with _threads(threads):
        machine = _machine(folder / _MACHINE)
        for done, line in enumerate(chosen):
            path = folder / _LINES / f"{line.name}.json"
            watch(done, line.name)
            if again or not path.exists():
                measure(line, seconds, evicted, command).write(path)
            found.append(read_measurement(path))
    watch(len(chosen), "done")
    _report(machine, folder)
    return Result(machine, found, folder)


def read_measurements(folder: Path) -> list[Measurement]:
    """Read every line of a folder, in the order of their names.

    Raises
    ------
    ValueError
        If a file there is none.
    """
    return [read_measurement(path) for path in sorted((folder / _LINES).glob("*.json"))]


def _report(machine: Machine, folder: Path) -> None:
    everything = read_measurements(folder)
    text = f"{table(everything)}\n\n{summary(everything, machine)}\n"
    write_text(folder / "table.md", text)
    draw_roofline(everything, machine, folder / "roofline.svg")


def _machine(path: Path) -> Machine:
    if not path.exists():
        measure_machine().write(path)
    machine = read_machine(path)
    check_same(machine, path)
    return machine


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
