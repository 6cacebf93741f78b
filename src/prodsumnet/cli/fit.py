"""``prodsumnet fit``: how near every family comes to a real matrix."""

from pathlib import Path
from typing import Annotated

import typer

from prodsumnet.experiments import fit_families, real_matrices


def fit(
    context: typer.Context,
    matrix: Annotated[str, typer.Argument(help=f"One of {', '.join(real_matrices())}.")],
    out: Annotated[Path, typer.Argument(help="JSON file of the record.")],
    share: Annotated[
        list[float] | None, typer.Option(help="Numbers per entry of the matrix.")
    ] = None,
    iterations: Annotated[int, typer.Option(help="Most iterations of a fit.")] = 3,
) -> None:
    """Fit every family to a matrix within budgets and record the errors."""
    record = fit_families(matrix, share or [0.05, 0.15, 0.4], iterations, context.obj.command)
    record.write(out)
    for row in record.rows:
        print(f"{row.family} of {row.trainable}: {row.error:.4f} ({row.method})")
