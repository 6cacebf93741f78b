"""``prodsumnet approximate``: how well few steps between neighbours make up a given matrix."""

from pathlib import Path
from typing import Annotated

import typer

from prodsumnet.experiments import approximate_locally


def approximate(
    context: typer.Context,
    target: Annotated[str, typer.Argument(help="permutation or dct.")],
    out: Annotated[Path, typer.Argument(help="JSON file of the record.")],
    size: Annotated[int, typer.Option(help="Number of nodes.")] = 8,
    graph: Annotated[str, typer.Option(help="line or ring.")] = "ring",
    steps: Annotated[list[int] | None, typer.Option(help="Numbers of steps to try.")] = None,
    seeds: Annotated[int, typer.Option(help="How many starts for each.")] = 10,
) -> None:
    """Fit locally connected products to a matrix and record the errors."""
    record = approximate_locally(
        target, size, graph, steps or [1, 2, 3, 4, 6, 8, 12], seeds, context.obj.command
    )
    record.write(out)
    for row in record.rows:
        print(
            f"{row.steps} steps, {row.trainable} numbers: relative error "
            f"{min(row.errors):.2e} at best, {sorted(row.errors)[len(row.errors) // 2]:.2e} median"
        )
