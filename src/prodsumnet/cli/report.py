"""``prodsumnet report``: runs and records as a page, and as pictures for papers."""

from pathlib import Path
from typing import Annotated

import typer

from prodsumnet.experiments import write_report
from prodsumnet.experiments.pareto import Cost


def report(
    context: typer.Context,
    runs: Annotated[
        list[str],
        typer.Argument(help="Folders of runs or records, and names of shipped networks."),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="HTML file, complete in itself.")
    ] = None,
    static: Annotated[
        Path | None, typer.Option(help="SVG or PNG file of the curves, or a folder for both.")
    ] = None,
    cost: Annotated[Cost, typer.Option(help="Horizontal axis of the static curves.")] = "trainable",
) -> None:
    """Report runs: the trade-off curves, the table and what the networks have learned."""
    if out is None and static is None:
        raise ValueError("a report needs a file to go to: --out FILE, --static FILE or both")
    for path in write_report(runs, out, static, cost, context.obj.command):
        print(path)
