"""``prodsumnet pack``: a trained network with a byte for each number."""

from pathlib import Path
from typing import Annotated

import typer

from prodsumnet import storage


def pack(
    model: Annotated[str, typer.Argument(help="A file, or the name of a shipped network.")],
    out: Annotated[Path, typer.Argument(help="The file to write.")],
) -> None:
    """Write a network again, its trained numbers rounded to eight bits."""
    storage.save(storage.load(model), out, storage.about(model), bits=8)
    print(f"{out}: {out.stat().st_size} bytes")
