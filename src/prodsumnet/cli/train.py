"""``prodsumnet train``: what a recipe says."""

from typing import Annotated

import typer

from prodsumnet.cli.running import EpochsOption, OutOption, ResumeOption, SeedOption, run_recipe
from prodsumnet.experiments import load_recipe


def train(
    context: typer.Context,
    recipe: Annotated[str, typer.Argument(help="A JSON file, or the name of a shipped recipe.")],
    seed: SeedOption = None,
    epochs: EpochsOption = None,
    out: OutOption = None,
    resume: ResumeOption = False,
) -> None:
    """Train what a recipe says, and record what it gives."""
    run_recipe(context, load_recipe(recipe), seed, epochs, out, resume)
