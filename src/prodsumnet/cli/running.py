"""What ``train`` and ``reproduce`` have in common."""

from pathlib import Path
from typing import Annotated

import typer

from prodsumnet.experiments import Recipe, run, training_bar

SeedOption = Annotated[int | None, typer.Option(help="Another seed than the recipe's.")]
FamilyOption = Annotated[
    str | None, typer.Option(help="Family of the structured layers, see `prodsumnet families`.")
]
EpochsOption = Annotated[int | None, typer.Option(help="Another number of epochs.")]
OutOption = Annotated[
    Path | None, typer.Option(help="Folder of the run.", show_default="runs/<digest of the recipe>")
]
ResumeOption = Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run.")]


def run_recipe(
    context: typer.Context,
    recipe: Recipe,
    seed: int | None,
    epochs: int | None,
    out: Path | None,
    resume: bool,
) -> None:
    """Overlay the options, run, and print the result."""
    changes = {} if seed is None else {"seed": seed}
    recipe = recipe.overlaid(changes | ({} if epochs is None else {"training": {"epochs": epochs}}))
    folder = out or Path("runs") / recipe.digest()
    try:
        with training_bar(recipe.training.epochs) as progress:
            record = run(recipe, folder, context.obj.command, resume, progress)
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt("the same command with --resume goes on") from stop
    print(
        f"test accuracy {record.test_accuracy:.2%} (validation {record.validation_accuracy:.2%}) "
        f"with {record.trainable} trainable and {record.stored} stored numbers, "
        f"{record.seconds:.0f} s of training; {folder}"
    )
