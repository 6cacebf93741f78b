"""``prodsumnet train``: what a recipe says."""

from typing import Annotated

import typer

from prodsumnet.cli.running import (
    EpochsOption,
    FamilyOption,
    OutOption,
    ResumeOption,
    SeedOption,
    run_recipe,
)
from prodsumnet.experiments import load_recipe


def train(
    context: typer.Context,
    recipe: Annotated[
        str, typer.Argument(help="A JSON file, the name of a shipped recipe, or JSON.")
    ],
    seed: SeedOption = None,
    family: FamilyOption = None,
    epochs: EpochsOption = None,
    out: OutOption = None,
    resume: ResumeOption = False,
) -> None:
    """Train what a recipe says, and record what it gives."""
    chosen = load_recipe(recipe).overlaid({} if family is None else {"family": family})
    run_recipe(context, chosen, seed, epochs, out, resume)
