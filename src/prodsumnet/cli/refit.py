"""``prodsumnet refit``: a trained network's layers replaced by fits in three metrics."""

from pathlib import Path
from typing import Annotated

import typer

from prodsumnet.experiments import weighted_fits


def refit(
    context: typer.Context,
    network: Annotated[str, typer.Argument(help="A file, or the name of a shipped network.")],
    out: Annotated[Path, typer.Argument(help="JSON file of the record.")],
    layer: Annotated[list[str], typer.Option(help="A layer's name=family:most numbers.")],
    samples: Annotated[int, typer.Option(help="Training images for the metrics.")] = 2000,
    seed: Annotated[int, typer.Option(help="Of the operators and their first numbers.")] = 0,
) -> None:
    """Fit layers in the Frobenius norm, weighted by activations and by the Fisher; no training."""
    structures = dict(map(_structure, layer))
    record = weighted_fits(network, structures, samples, seed, context.obj.command)
    record.write(out)
    print(f"{network}: {record.trainable} numbers, test accuracy {record.test_accuracy:.2%}")
    for row in record.rows:
        print(f"{row.metric}: {row.trainable} numbers, test accuracy {row.test_accuracy:.2%}")


def _structure(text: str) -> tuple[str, tuple[str, int]]:
    name, _, structure = text.partition("=")
    family, _, budget = structure.partition(":")
    if not family or not budget.isdecimal():
        raise ValueError(f"--layer must be name=family:numbers, got {text!r}")
    return name, (family, int(budget))
