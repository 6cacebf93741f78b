"""``prodsumnet search``: the best recipe at a budget."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from prodsumnet import experiments


def search(
    recipe: Annotated[str, typer.Argument(help="A JSON file, or the name of a shipped recipe.")],
    trials: Annotated[int, typer.Option(help="How many trials in all.")],
    space: Annotated[
        Path | None,
        typer.Option(help="JSON file of what is tried.", show_default="rates and augmentations"),
    ] = None,
    budget: Annotated[int | None, typer.Option(help="Another budget than the recipe's.")] = None,
    study: Annotated[
        str | None, typer.Option(help="URL of a database.", show_default="SQLite in the folder")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Another length of the trials.")] = None,
    out: Annotated[Path, typer.Option(help="Folder of the result.")] = Path("search"),
) -> None:
    """Look for the best recipe by validation accuracy; the same command goes on."""
    base = experiments.load_recipe(recipe).overlaid({} if budget is None else {"budget": budget})
    tried = experiments.default_space(base) if space is None else experiments.load_space(space)
    try:
        with experiments.search_bar(trials) as watch:
            found = experiments.search(base, tried, trials, out, study, epochs, watch)
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt("the same command goes on") from stop
    print(found.table)
    command = shlex.join(["prodsumnet", "train", str(found.path)])
    print(f"\nTo train the best one, and look at the test set once:\n{command}")
