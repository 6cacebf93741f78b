"""What ``train`` and ``reproduce`` have in common."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from prodsumnet.cli.errors import INTERRUPTED
from prodsumnet.experiments import Recipe, run, training_bar
from prodsumnet.training import is_first_process, process_count

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
    """Overlay the options, run, and print the result; of several processes the first speaks."""
    changes = {} if seed is None else {"seed": seed}
    recipe = recipe.overlaid(changes | ({} if epochs is None else {"training": {"epochs": epochs}}))
    several = f"-{process_count()}-processes" if process_count() > 1 else ""
    folder = out or Path("runs") / f"{recipe.digest()}{several}"
    first = is_first_process()
    try:
        with training_bar(recipe.training.epochs) if first else nullcontext() as progress:
            record = run(recipe, folder, context.obj.command, resume, progress)
    except KeyboardInterrupt as stop:
        if not first:
            raise typer.Exit(INTERRUPTED) from stop
        raise KeyboardInterrupt("the same command with --resume goes on") from stop
    if not first:
        return
    print(
        f"test accuracy {record.test_accuracy:.2%} (validation {record.validation_accuracy:.2%}) "
        f"with {record.trainable} trainable and {record.stored} stored numbers, "
        f"{record.seconds:.0f} s of training; {folder}"
    )
