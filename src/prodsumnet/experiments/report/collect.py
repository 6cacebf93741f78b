"""What a report is made of: the points of its curves, and the trained networks behind them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from prodsumnet import storage
from prodsumnet.experiments.pareto import Cost, pareto
from prodsumnet.experiments.record import Record
from prodsumnet.experiments.runner import MODEL
from prodsumnet.experiments.summary import Group, find_records, grouped


@dataclass(frozen=True)
class Point:
    """One point of a curve: the runs of one recipe.

    Attributes
    ----------
    name : str
        A name for it within the report.
    group : Group
        Its records.
    paths : tuple of Path
        Their files, in the same order.
    model : str or None
        The file of a trained network among those of the runs.
    """

    name: str
    group: Group
    paths: tuple[Path, ...]
    model: str | None

    def error(self, field: str) -> tuple[float, float]:
        """Return mean and standard deviation of one minus an accuracy, in percent."""
        mean, deviation = self.group.percent(field)
        return max(100 - mean, 0.0), deviation

    def cost(self, cost: Cost) -> int | None:
        """Return what the network costs, None where that is not known."""
        return getattr(self.group.first, cost) or None


@dataclass(frozen=True)
class Collection:
    """Points by data set, and names of shipped networks."""

    datasets: dict[str, list[Point]]
    networks: tuple[str, ...]

    @property
    def points(self) -> list[Point]:
        """All points."""
        return [point for points in self.datasets.values() for point in points]


def collect(sources: Iterable[str]) -> Collection:
    """Find the records and networks of a report.

    Parameters
    ----------
    sources : iterable of str
        Folders of runs or of records, and names of shipped networks. What is found twice counts
        once.

    Raises
    ------
    FileNotFoundError
        If a source is neither.
    ValueError
        If there are no sources, a folder has no records, or a file in it is not one.
    """
    found: dict[str, tuple[Path, Record]] = {}
    shipped: list[str] = []
    for source in sources:
        if Path(source).is_dir():
            for path, record in find_records(Path(source)).items():
                key = record.model_dump_json()
                if key not in found or _model(path) is not None:
                    found[key] = path, record
        elif source in storage.shipped_names():
            shipped.append(source)
        else:
            raise FileNotFoundError(
                f"there is no folder {source!r}, and no shipped network of that name "
                f"(shipped: {', '.join(storage.shipped_names()) or 'none'})"
            )
    if not found and not shipped:
        raise ValueError("a report needs a folder of records or runs, or a shipped network")
    datasets: dict[str, list[Point]] = {}
    paths = {id(record): path for path, record in found.values()}
    for position, group in enumerate(grouped(record for _, record in found.values())):
        files = tuple(paths[id(record)] for record in group.records)
        model = next(filter(None, map(_model, files)), None)
        point = Point(f"point-{position}", group, files, model)
        datasets.setdefault(group.first.recipe.dataset, []).append(point)
    return Collection(datasets, tuple(dict.fromkeys(shipped)))


def on_front(points: Iterable[Point], cost: Cost) -> list[Point]:
    """Return the points of the Pareto front, cheapest first; of one data set."""
    of = {id(point.group): point for point in points}
    return [of[id(group)] for group in pareto([p.group for p in of.values()], cost)]


def ranked(points: Iterable[Point]) -> list[Point]:
    """Return the points of one data set: those of the front first, then the best, by validation."""
    points = list(points)
    front = {point.name for point in on_front(points, "trainable")}
    return sorted(points, key=lambda p: (p.name not in front, p.error("validation_accuracy")[0]))


def _model(path: Path) -> str | None:
    """Return the trained network beside a record."""
    file = path.parent / MODEL
    return str(file) if file.is_file() else None
