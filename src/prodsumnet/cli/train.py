"""``prodsumnet train``: what a recipe says."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from prodsumnet.experiments import Recipe, load_recipe, run, training_bar

SeedOption = Annotated[int | None, typer.Option(help="Another seed than the recipe's.")]
EpochsOption = Annotated[int | None, typer.Option(help="Another number of epochs.")]
OutOption = Annotated[
    Path | None, typer.Option(help="Folder of the run.", show_default="runs/<digest of the recipe>")
]
ResumeOption = Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run.")]


def train(
    recipe: Annotated[str, typer.Argument(help="A JSON file, or the name of a shipped recipe.")],
    seed: SeedOption = None,
    epochs: EpochsOption = None,
    out: OutOption = None,
    resume: ResumeOption = False,
) -> None:
    """Train what a recipe says, and record what it gives."""
    run_recipe(load_recipe(recipe), seed, epochs, out, resume)


def run_recipe(
    recipe: Recipe, seed: int | None, epochs: int | None, out: Path | None, resume: bool
) -> None:
    """Overlay the options, run, and print the result."""
    changes = {} if seed is None else {"seed": seed}
    recipe = recipe.overlaid(changes | ({} if epochs is None else {"training": {"epochs": epochs}}))
    folder = out or Path("runs") / recipe.digest()
    command = " ".join(["prodsumnet", *sys.argv[1:]])
    with training_bar(recipe.training.epochs) as progress:
        record = run(recipe, folder, command, resume, progress)
    print(
        f"test accuracy {record.test_accuracy:.2%} (validation {record.validation_accuracy:.2%}) "
        f"with {record.trainable} trainable and {record.stored} stored numbers, "
        f"{record.seconds:.0f} s of training; {folder}"
    )
