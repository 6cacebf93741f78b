"""``prodsumnet summarize``: a table, and a picture, of records."""

from pathlib import Path
from typing import Annotated

import typer

from prodsumnet.experiments import draw, grouped, markdown, read_records


def summarize(
    records: Annotated[Path, typer.Argument(help="A folder of records.")],
    figure: Annotated[
        Path | None, typer.Option(help="Also draw the MNIST records to this SVG file.")
    ] = None,
) -> None:
    """Print the records of a folder as a table, mean ± standard deviation over seeds."""
    groups = grouped(read_records(records))
    print(markdown(groups))
    if figure is not None:
        draw([group for group in groups if group.first.recipe.dataset == "mnist"], figure)
