"""``prodsumnet data``: fetching and checking data sets."""

from pathlib import Path
from typing import Annotated

import typer

from prodsumnet import data

app = typer.Typer(help="Fetch, check and locate data sets.")
Name = Annotated[
    str, typer.Argument(help="mnist or fashion-mnist; to verify, also breast-cancer or wine.")
]
Root = Annotated[Path | None, typer.Option(help="Look in this folder, and nowhere else.")]


@app.command()
def fetch(name: Name, root: Root = None) -> None:
    """Make a data set available locally."""
    print(f"{name} is in {data.folder(name, root)}")


@app.command()
def verify(name: Name, root: Root = None) -> None:
    """Check the digests of the local files; fetch nothing."""
    for file, digest in data.verify(name, root).items():
        print(f"{digest}  {file}")


@app.command()
def path(name: Name, root: Root = None) -> None:
    """Print the folder of the IDX files, fetched if needed."""
    print(data.folder(name, root))
