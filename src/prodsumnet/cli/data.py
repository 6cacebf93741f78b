"""``prodsumnet data``: fetching and checking data sets."""

from typing import Annotated

import typer

from prodsumnet import data

app = typer.Typer(help="Fetch, check and locate data sets.")
Name = Annotated[str, typer.Argument(help="mnist or fashion-mnist.")]


@app.command()
def fetch(name: Name) -> None:
    """Make a data set available locally."""
    print(f"{name} is in {data.folder(name)}")


@app.command()
def verify(name: Name) -> None:
    """Check the digests of the local files; fetch nothing."""
    for file, digest in data.verify(name).items():
        print(f"{digest}  {file}")


@app.command()
def path(name: Name) -> None:
    """Print the folder of the IDX files, fetched if needed."""
    print(data.folder(name))
