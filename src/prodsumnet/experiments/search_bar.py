"""What a person sees while a search goes on."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from prodsumnet.experiments.console import progress_bar
from prodsumnet.experiments.search import Watch


@contextmanager
def search_bar(trials: int) -> Iterator[Watch]:
    """Show a search on stderr: a bar with the time left, or a line a trial if it is no terminal.

    Parameters
    ----------
    trials : int
        How many trials there will be.
    """
    terminal = sys.stderr.isatty()
    bar = progress_bar()
    task = bar.add_task("search", total=trials)
    printed = 0

    def update(finished: int, share: float, best: float | None) -> None:
        nonlocal printed
        words = f"{finished} of {trials} trials finished"
        if best is not None:
            words += f", best validation {best:.2%}"
        if not terminal and finished > printed:
            print(words, file=sys.stderr, flush=True)
            printed = finished
        bar.update(task, completed=finished + share, description=words)

    with bar:
        yield update
