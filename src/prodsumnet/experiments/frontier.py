"""The specification of a sweep: data sets, architectures, budgets and seeds, made into jobs."""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from prodsumnet import families, models
from prodsumnet.experiments.jobs import Job
from prodsumnet.experiments.recipe import Recipe, checked, read_object
from prodsumnet.training import Settings

_SHIPPED = Path(__file__).parent / "frontiers"
_OWN = ("dataset", "budget", "seed")

Budget = Annotated[int, Field(ge=1)]
Overlay = dict[str, Any]


class Architecture(Settings):
    """A curve of the frontier: an overlay of the recipe, and its budgets if they are its own.

    No budgets at all (an empty list) are for a network that has no choice of its size.
    """

    recipe: Overlay = Field(default_factory=dict)
    budgets: tuple[Budget, ...] | None = None


class Frontier(Settings):
    """What is swept.

    Overlays go over the default recipe in this order: ``recipe``, that of the data set, that of the
    architecture, and ``epochs``.
    """

    datasets: dict[str, Overlay] = Field(min_length=1)
    architectures: dict[str, Architecture] = Field(min_length=1)
    budgets: tuple[Budget, ...] = ()
    seeds: int = Field(default=3, ge=1, le=1000)
    recipe: Overlay = Field(default_factory=dict)
    epochs: Annotated[int, Field(ge=1)] | None = None

    def digest(self) -> str:
        """Return the first 12 hexadecimal digits of the SHA-256 of the specification as JSON."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def selected(
        self,
        datasets: list[str] | None = None,
        networks: list[str] | None = None,
        budgets: list[int] | None = None,
        seeds: int | None = None,
        epochs: int | None = None,
    ) -> "Frontier":
        """Return the frontier with parts of it chosen or replaced; what is None stays.

        Parameters
        ----------
        datasets : list of str, optional
            Data sets; one that is not in the specification has no overlay of its own.
        networks : list of str, optional
            Labels of architectures, or names of networks (`prodsumnet.models.names`), which then
            are trained as the default recipe says.
        budgets : list of int, optional
            In the place of all budgets, those of the architectures included.
        seeds, epochs : int, optional
            How many, for every run.

        Raises
        ------
        ValueError
            If a name is unknown or a value is refused.
        """
        values = self.model_dump()
        if datasets is not None:
            values["datasets"] = {name: self.datasets.get(name, {}) for name in datasets}
        if networks is not None:
            unknown = set(networks) - set(self.architectures) - set(models.names())
            if unknown:
                known = ", ".join(dict.fromkeys([*self.architectures, *models.names()]))
                raise ValueError(f"network must be one of {known}, got {min(unknown)!r}")
            parts = values["architectures"]
            values["architectures"] = {
                label: parts.get(label, {"recipe": {"network": label}}) for label in networks
            }
        if budgets is not None:
            values["budgets"] = budgets
            for part in values["architectures"].values():
                part["budgets"] = None
        changes = {"seeds": seeds, "epochs": epochs}
        values |= {name: value for name, value in changes.items() if value is not None}
        frontier = checked(Frontier, values)
        _check(frontier)
        return frontier


class Refused(NamedTuple):
    """A point of a frontier at which there is no network, and the reason."""

    point: str
    reason: str


def frontier_names() -> tuple[str, ...]:
    """Names of the specifications inside the package."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.json")))


def load_frontier(source: str) -> Frontier:
    """Read a specification: a JSON file, the name of one in the package, or JSON.

    Raises
    ------
    FileNotFoundError
        If there is neither such a file nor such a name.
    ValueError
        If it is not a JSON object, or a name or value in it is refused.
    """
    where, values = read_object(source, _SHIPPED, "frontier")
    try:
        frontier = checked(Frontier, values)
        _check(frontier)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
    return frontier


def expand(frontier: Frontier, out: Path) -> tuple[list[Job], list[Refused]]:
    """Return the runs of a frontier, all points with the first seed first, and what has none.

    Parameters
    ----------
    frontier : Frontier
        What is swept.
    out : Path
        Folder of the runs' folders.
    """
    points: list[tuple[str, Recipe]] = []
    refused: list[Refused] = []
    for dataset, label, budget in _points(frontier):
        recipe = Recipe().overlaid(frontier.recipe).overlaid(frontier.datasets[dataset])
        recipe = recipe.overlaid(frontier.architectures[label].recipe)
        recipe = recipe.overlaid({"dataset": dataset, "budget": budget})
        if frontier.epochs is not None:
            recipe = recipe.overlaid({"training": {"epochs": frontier.epochs}})
        point = f"{dataset}, {label}" + ("" if budget is None else f", {budget:,}")
        try:
            models.build(recipe.network, budget, recipe.seed, recipe.family, recipe.options)
        except ValueError as error:
            refused.append(Refused(point, " ".join(str(error).split())))
        else:
            points.append((point, recipe))
    jobs: dict[Path, Job] = {}
    for seed in range(frontier.seeds):
        for point, recipe in points:
            seeded = recipe.overlaid({"seed": seed})
            job = Job(f"{point}, seed {seed}", seeded, out / seeded.digest())
            jobs.setdefault(job.folder, job)
    return list(jobs.values()), refused


def _points(frontier: Frontier) -> list[tuple[str, str, int | None]]:
    return [
        (dataset, label, budget)
        for dataset in frontier.datasets
        for label, architecture in frontier.architectures.items()
        for budget in _budgets(frontier, architecture)
    ]


def _budgets(frontier: Frontier, architecture: Architecture) -> tuple[int | None, ...]:
    if architecture.budgets is None:
        return frontier.budgets
    return architecture.budgets or (None,)


def _check(frontier: Frontier) -> None:
    """Refuse at the start what no part of a sweep could be."""
    parts = {"recipe": frontier.recipe}
    parts |= {f"datasets.{name}": overlay for name, overlay in frontier.datasets.items()}
    parts |= {f"architectures.{k}": part.recipe for k, part in frontier.architectures.items()}
    for where, overlay in parts.items():
        for name in _OWN:
            if name in overlay:
                raise ValueError(f"{where}: {name} is set by the sweep, not by an overlay")
        try:
            recipe = Recipe().overlaid(overlay)
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from error
        if recipe.network not in models.names():
            known = ", ".join(models.names())
            raise ValueError(
                f"{where}: unknown network {recipe.network!r}, expected one of {known}"
            )
        if recipe.family is not None and recipe.family not in families.names():
            raise ValueError(f"{where}: unknown family {recipe.family!r} (`prodsumnet families`)")
    for name in frontier.datasets:
        Recipe().overlaid({"dataset": name})
    for label, architecture in frontier.architectures.items():
        if not _budgets(frontier, architecture):
            raise ValueError(f"architectures.{label}: there are no budgets")
