"""Tables from records: mean and standard deviation over seeds."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from prodsumnet.experiments.record import Record, read_record
from prodsumnet.experiments.runner import RECIPE


@dataclass(frozen=True)
class Group:
    """Records that differ in nothing but the seed."""

    records: tuple[Record, ...]

    @property
    def first(self) -> Record:
        """The record of the smallest seed."""
        return self.records[0]

    @property
    def name(self) -> str:
        """The network, with its family, its options and a preconditioner where they are given."""
        recipe = self.first.recipe
        options = (f"{name}={value}" for name, value in sorted(recipe.options.items()))
        fisher = recipe.training.preconditioner and "preconditioned"
        return ", ".join(filter(None, (recipe.network, recipe.family, *options, fisher)))

    def percent(self, field: str) -> tuple[float, float]:
        """Return mean and sample standard deviation of an accuracy, in percent."""
        values = [100 * getattr(record, field) for record in self.records]
        return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else 0.0


def find_records(folder: Path) -> dict[Path, Record]:
    """Read every record below a folder, by its file and in the order of their names.

    The recipes beside them in folders of runs are no records.

    Raises
    ------
    ValueError
        If there is none, or a JSON file below the folder is not a record.
    """
    paths = sorted(path for path in folder.rglob("*.json") if path.name != RECIPE)
    if not paths:
        raise ValueError(f"there are no records (*.json) in {folder}")
    return {path: read_record(path) for path in paths}


def read_records(folder: Path) -> list[Record]:
    """Read every record below a folder as `find_records` does.

    Raises
    ------
    ValueError
        If there is none, or a JSON file below the folder is not a record.
    """
    return list(find_records(folder).values())


def grouped(records: Iterable[Record]) -> list[Group]:
    """Group records by recipe without the seed, and by processes.

    They are sorted by data set, size and epochs, then the best first.
    """
    groups: dict[tuple[str, int], list[Record]] = {}
    for record in sorted(records, key=lambda record: record.recipe.seed):
        alike = record.recipe.model_copy(update={"seed": 0}).digest()
        groups.setdefault((alike, record.processes), []).append(record)
    found = [Group(tuple(group)) for group in groups.values()]
    return sorted(
        found,
        key=lambda g: (
            g.first.recipe.dataset,
            g.first.trainable,
            g.first.epochs,
            -g.percent("validation_accuracy")[0],
        ),
    )


def markdown(groups: Sequence[Group]) -> str:
    """Return a table in Markdown, one row a group."""
    rows = [
        "| data | network | trainable | stored | file, bytes | epochs | seeds "
        "| validation, % | test, % | seconds |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for group in groups:
        first = group.first
        seconds = statistics.fmean(record.seconds for record in group.records)
        cells = (
            first.recipe.dataset,
            group.name,
            f"{first.trainable:,}",
            f"{first.stored:,}",
            f"{first.file_bytes:,}",
            str(first.epochs),
            str(len(group.records)),
            "{:.2f} ± {:.2f}".format(*group.percent("validation_accuracy")),
            "{:.2f} ± {:.2f}".format(*group.percent("test_accuracy")),
            f"{seconds:.0f}",
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)
