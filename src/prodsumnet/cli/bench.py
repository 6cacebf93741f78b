"""``prodsumnet bench``: speed against torch's layers and against other packages."""

from pathlib import Path
from typing import Annotated

import typer

from prodsumnet.experiments.benchmark import benchmark, benchmark_bar, lines


def bench(
    context: typer.Context,
    family: Annotated[list[str] | None, typer.Option(help="Only these families.")] = None,
    case: Annotated[list[str] | None, typer.Option(help="Only these other cases.")] = None,
    size: Annotated[list[int] | None, typer.Option(help="These sizes instead.")] = None,
    batch: Annotated[list[int] | None, typer.Option(help="These batches instead.")] = None,
    threads: Annotated[int, typer.Option(help="Threads of torch.")] = 1,
    cold: Annotated[
        bool, typer.Option("--cold", help="Empty the caches before each call.")
    ] = False,
    seconds: Annotated[float, typer.Option(help="Time of each way in each mode, about.")] = 0.05,
    again: Annotated[bool, typer.Option("--again", help="Measure finished lines anew.")] = False,
    out: Annotated[Path, typer.Option(help="Folder of the result.")] = Path("benchmark"),
) -> None:
    """Time the layers against torch's and other packages'; the same command goes on."""
    chosen = lines(family, case, size, batch)
    try:
        with benchmark_bar(len(chosen)) as watch:
            result = benchmark(
                chosen, out, context.obj.command, threads, cold, seconds, again, watch
            )
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt("the same command goes on") from stop
    print(result.text)
    print(f"\n{result.folder}")
