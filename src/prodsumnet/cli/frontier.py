"""``prodsumnet frontier``: sweeps over architectures, budgets and seeds."""

from pathlib import Path
from typing import Annotated

import typer

from prodsumnet.experiments import expand, load_frontier, sweep, sweep_report
from prodsumnet.storage import write_text


def frontier(
    specification: Annotated[str, typer.Argument(help="A JSON file, or a shipped frontier.")],
    dataset: Annotated[list[str] | None, typer.Option(help="Only these data sets.")] = None,
    network: Annotated[
        list[str] | None, typer.Option(help="Only these architectures, or other networks by name.")
    ] = None,
    budget: Annotated[list[int] | None, typer.Option(help="These budgets instead.")] = None,
    seeds: Annotated[int | None, typer.Option(help="Another number of seeds.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Another number of epochs.")] = None,
    out: Annotated[Path, typer.Option(help="Folder of the runs' folders.")] = Path("runs"),
    workers: Annotated[
        int | None, typer.Option(help="Processes of this machine.", show_default="one a core")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Dask scheduler to use instead, such as tcp://host:8786.")
    ] = None,
) -> None:
    """Train every run of a sweep that is not finished yet; the same command goes on."""
    chosen = load_frontier(specification).selected(dataset, network, budget, seeds, epochs)
    jobs, refused = expand(chosen, out)
    try:
        result = sweep(jobs, workers, scheduler)
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt("the same command goes on") from stop
    text = sweep_report(result, refused)
    write_text(out / f"frontier-{chosen.digest()}.md", text + "\n")
    print(text)
    if result.failures:
        raise typer.Exit(1)
