"""``prodsumnet reach``: how long a training takes to an accuracy."""

from pathlib import Path
from typing import Annotated

import typer

from prodsumnet.cli.running import EpochsOption, SeedOption
from prodsumnet.experiments import load_recipe
from prodsumnet.experiments import reach as train_until


def reach(
    context: typer.Context,
    recipe: Annotated[
        str, typer.Argument(help="A JSON file, the name of a shipped recipe, or JSON.")
    ],
    out: Annotated[Path, typer.Argument(help="JSON file of the record.")],
    goal: Annotated[float, typer.Option(help="Validation accuracy, a fraction.")] = 0.9844,
    every: Annotated[int, typer.Option(help="Steps between looks.")] = 20,
    seeds: Annotated[int, typer.Option(help="How many trainings.")] = 3,
    seed: SeedOption = None,
    epochs: EpochsOption = None,
) -> None:
    """Train until the validation accuracy reaches a goal, and record epochs and seconds."""
    changes = {} if seed is None else {"seed": seed}
    changes |= {} if epochs is None else {"training": {"epochs": epochs}}
    record = train_until(
        load_recipe(recipe).overlaid(changes), goal, every, seeds, context.obj.command
    )
    record.write(out)
    for row in record.rows:
        if row.epochs is None:
            print(f"seed {row.seed}: not reached, {row.validation_accuracy:.2%} at the end")
        else:
            print(
                f"seed {row.seed}: {row.epochs:.2f} epochs, {row.seconds:.1f} s "
                f"({row.processor_seconds:.1f} s of the processor)"
            )
