"""What a run found, as JSON: the source of every table and figure."""

import json
import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from pydantic import Field, ValidationError

from prodsumnet.experiments.recipe import Recipe
from prodsumnet.storage import write_text
from prodsumnet.training import Settings


class Written(Settings):
    """What is kept as a JSON file."""

    def write(self, path: Path) -> None:
        """Write the record as indented JSON, atomically.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        write_text(path, json.dumps(self.model_dump(mode="json"), indent=1) + "\n")


class Record(Written):
    """One finished run. Accuracies are fractions; the test set was looked at once, at the end.

    Attributes
    ----------
    confusion : list of list of int
        How many test samples of each class (row) were taken for each class (column); empty in
        records of before it was kept.
    operators : list of str
        The formulas of the structured layers, from first to last; empty likewise.
    processes : int
        How many trained together, each on batches of the recipe's size, with ``threads`` threads.
    """

    command: str
    recipe: Recipe
    data_digest: str
    trainable: int
    stored: int
    bytes: int
    file_bytes: int
    macs: int
    validation_accuracy: float
    test_accuracy: float
    epochs: int
    seconds: float
    history: list[dict[str, float]]
    processes: int = 1
    threads: int
    finished: str
    versions: dict[str, str]
    operators: list[str] = Field(default_factory=list)
    confusion: list[list[int]] = Field(default_factory=list)


def read_record(path: Path) -> Record:
    """Read one record.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is not a record.
    """
    try:
        return Record.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ValueError(f"{path} is not a record of a run: {error.errors()[0]['msg']}") from error


def surroundings() -> dict[str, Any]:
    """Return what a record says of where and when it was made."""
    packages = ("prodsumnet", "torch", "numpy", "safetensors")
    versions = {name: metadata.version(name) for name in packages}
    versions |= {"python": platform.python_version(), "machine": platform.machine()}
    return {
        "threads": torch.get_num_threads(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions,
    }
