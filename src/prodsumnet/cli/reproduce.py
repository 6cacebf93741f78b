"""``prodsumnet reproduce``: the headline network, trained on the real data."""

from typing import Annotated

import typer

from prodsumnet.cli.running import EpochsOption, OutOption, ResumeOption, SeedOption, run_recipe
from prodsumnet.experiments import Recipe, load_recipe


def reproduce(
    context: typer.Context,
    dataset: Annotated[
        str | None, typer.Option(help="mnist or fashion-mnist.", show_default="mnist")
    ] = None,
    seed: SeedOption = None,
    epochs: EpochsOption = None,
    out: OutOption = None,
    resume: ResumeOption = False,
) -> None:
    """Train the network of 3,554 numbers on real data and print its accuracy."""
    recipe = load_recipe("fashion") if dataset == "fashion-mnist" else Recipe()
    changes = {} if dataset is None else {"dataset": dataset}
    run_recipe(context, recipe.overlaid(changes), seed, epochs, out, resume)
