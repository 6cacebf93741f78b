"""What a person sees while the benchmark runs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from prodsumnet.experiments.benchmark.runner import Watch
from prodsumnet.experiments.console import progress_bar

_PERIOD = 120.0


@contextmanager
def benchmark_bar(total: int) -> Iterator[Watch]:
    """Show the benchmark on stderr: a bar with the time left, or a line each if it is no terminal.

    Parameters
    ----------
    total : int
        How many lines there will be.
    """
    terminal = sys.stderr.isatty()
    bar = progress_bar(_PERIOD)
    task = bar.add_task("benchmark", total=total)

    def update(done: int, name: str) -> None:
        if not terminal:
            print(f"{done} of {total} done, {name}", file=sys.stderr, flush=True)
        bar.update(task, completed=done, description=name)

    with bar:
        yield update
