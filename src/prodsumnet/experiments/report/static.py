"""The curves on paper: SVG, the same bytes for the same records, and PNG."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prodsumnet.experiments.pareto import Cost
from prodsumnet.experiments.report.collect import Point, on_front
from prodsumnet.experiments.report.extra import extra
from prodsumnet.experiments.report.look import COSTS, DATASETS, PAPER, floor, looks, outline, series
from prodsumnet.storage import write_bytes

FORMATS = ("svg", "png")
_INK = "#202020"
_MAX_LABELS = 6


def draw(datasets: dict[str, list[Point]], place: Path, cost: Cost = "trainable") -> list[Path]:
    """Draw curves to a file, or to a folder.

    Parameters
    ----------
    datasets : dict
        Points by data set.
    place : Path
        A file that ends in .svg or .png gets all data sets one below the other; anything else is
        a folder, which gets a file of each kind for every data set.
    cost : {'trainable', 'stored', 'bytes', 'macs'}, optional
        The horizontal axis.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    ModuleNotFoundError
        If matplotlib is not installed.
    OSError
        If a file cannot be written.
    ValueError
        If there is nothing to draw.
    """
    if not datasets:
        raise ValueError("there are no records to draw curves of")
    if place.suffix[1:].lower() in FORMATS:
        _write(_figure(datasets, cost), place)
        return [place]
    files = []
    for dataset, points in datasets.items():
        figure = _figure({dataset: points}, cost)
        for kind in FORMATS:
            files.append(place / f"{dataset}-{cost}.{kind}")
            _write(figure, files[-1])
    return files


def _figure(datasets: dict[str, list[Point]], cost: Cost) -> Any:
    with extra():
        import matplotlib
        from matplotlib.figure import Figure

    names = looks(point for points in datasets.values() for point in points)
    with matplotlib.rc_context({"font.size": 10, "svg.hashsalt": "prodsumnet"}):
        figure = Figure(figsize=(8, 4.4 * len(datasets)), layout="constrained")
        panels = figure.subplots(len(datasets), squeeze=False)[:, 0]
        handles: dict[str, Any] = {}
        for axes, (dataset, points) in zip(panels, datasets.items(), strict=True):
            handles |= _panel(axes, dataset, points, cost, names)
        small = 8 if len(handles) <= 14 else 6
        figure.legend(
            [handles[name] for name in sorted(handles)],
            sorted(handles),
            loc="outside right upper",
            fontsize=small,
            frameon=False,
            handlelength=3,
        )
    return figure


def _panel(
    axes: Any, dataset: str, points: Sequence[Point], cost: Cost, names: dict[str, Any]
) -> dict[str, Any]:
    """Draw one data set, and return what stands for the series in the legend."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    lowest, handles = floor(points), {}

    def coordinates(chosen: Sequence[Point]) -> tuple[list[int], list[float]]:
        known = [(p.cost(cost), p) for p in chosen]
        pairs = [(x, max(p.error("test_accuracy")[0], lowest)) for x, p in known if x is not None]
        return [x for x, _ in pairs], [y for _, y in pairs]

    front = on_front(points, cost)
    if front:
        handles["Pareto front"] = axes.plot(
            *coordinates(front), color="#c4c4c4", linewidth=4, marker="o", markersize=10
        )[0]
    for name, members in series(points).items():
        look = names[name]
        members = [point for point in members if point.cost(cost) is not None]
        best = coordinates(outline(members, cost))
        line = axes.plot(*best, color=look.colour, linestyle=look.line, linewidth=1)[0]
        marks = axes.errorbar(
            *coordinates(members),
            [point.error("test_accuracy")[1] for point in members],
            color=look.colour,
            marker=look.marker,
            markeredgecolor=_INK,
            markeredgewidth=0.6,
            markersize=6,
            linestyle="none",
            capsize=3,
        )
        handles[name] = line, marks
    if dataset in PAPER and cost == "trainable":
        trainable, error = PAPER[dataset]
        handles["Wu (2018)"] = axes.plot(
            trainable, error, marker="x", markersize=8, color=_INK, linestyle="none"
        )[0]
        _label(axes, (trainable, error), f"{trainable:,}\n{error:.2f} %")
    if len(front) <= _MAX_LABELS:
        for x, y in zip(*coordinates(front), strict=True):
            _label(axes, (x, y), f"{x:,}\n{y:.2f} %")
    axes.set(xscale="log", yscale="log", xlabel=COSTS[cost], ylabel="test error, % (mean ± std)")
    axes.set_title(DATASETS.get(dataset, dataset), loc="left", fontweight="bold")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.margins(0.1, 0.12)
    for axis, (low, high), decades in (
        (axes.xaxis, axes.get_xlim(), 2.5),
        (axes.yaxis, axes.get_ylim(), 4),
    ):
        axis.set_major_locator(LogLocator(subs=_steps(high / low, decades)))
        axis.set_minor_formatter(NullFormatter())
    axes.grid(alpha=0.25)
    return handles


def _steps(ratio: float, decades: float) -> tuple[float, ...]:
    """Return what is labelled of every decade, if so many have room for three labels each."""
    if ratio < 5:
        return (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9)
    return (1, 2, 5) if ratio < 10**decades else (1,)


def _label(axes: Any, at: tuple[float, float], text: str) -> None:
    """Write below and left of a point, where points of the front have no other ones."""
    axes.annotate(
        text,
        at,
        (-5, -5),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=7,
        color=_INK,
    )


def _write(figure: Any, path: Path) -> None:
    import matplotlib

    buffer = io.BytesIO()
    svg = path.suffix.lower() == ".svg"
    with matplotlib.rc_context({"svg.hashsalt": "prodsumnet"}):
        figure.savefig(
            buffer,
            format=path.suffix[1:].lower(),
            dpi=200,
            metadata={"Date": None} if svg else {"Software": None},
        )
    write_bytes(path, buffer.getvalue())
