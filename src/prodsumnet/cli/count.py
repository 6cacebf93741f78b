"""``prodsumnet count``: the size of a network."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from prodsumnet import models, nn, storage


def count(
    model: Annotated[
        str, typer.Argument(help="A file, a shipped network, or an architecture's name.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print the numbers trained and stored, the bytes and the multiply-additions of a network."""
    known = model in models.names()
    size = asdict(nn.count(models.build(model) if known else storage.load(model)))
    if as_json:
        print(json.dumps(size))
    else:
        print(", ".join(f"{name} {value:,}" for name, value in size.items()))
