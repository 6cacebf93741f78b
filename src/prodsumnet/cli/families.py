"""``prodsumnet families``: the structures of the literature."""

from typing import Annotated

import typer

from prodsumnet.families import markdown, names, survey


def families(
    only_names: Annotated[
        bool, typer.Option("--names", help="Print the names, one a line.")
    ] = False,
    shape: Annotated[
        tuple[int, int] | None,
        typer.Option(help="Outputs and inputs: what each family makes of them and the budget."),
    ] = None,
    budget: Annotated[int, typer.Option(help="Trainable numbers, with --shape.")] = 3554,
) -> None:
    """Print all families: formula, source, use and least budget, or their sizes at a shape."""
    if only_names:
        print("\n".join(names()))
    else:
        print(markdown() if shape is None else survey(*shape, budget))
