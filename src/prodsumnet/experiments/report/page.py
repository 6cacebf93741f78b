"""The page: one HTML file with everything in it."""

import base64
import gzip
import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from prodsumnet.experiments.report.collect import Collection, Point, on_front, ranked
from prodsumnet.experiments.report.confusion import confusion
from prodsumnet.experiments.report.curves import curve
from prodsumnet.experiments.report.extra import extra
from prodsumnet.experiments.report.look import COSTS, DATASETS, Look, looks, series
from prodsumnet.experiments.report.pictures import Album, album

MAX_PICTURES = 1_500_000
MAX_CONFUSIONS = 150
"""Most bytes of pictures and most confusion matrices behind the points: a page of about 5 MB."""

_HERE = Path(__file__).parent


def page(collection: Collection, command: str) -> str:
    """Return the report as HTML, which refers to nothing outside of it.

    Parameters
    ----------
    collection : Collection
        What is reported.
    command : str
        The command that makes the page.

    Raises
    ------
    FileNotFoundError, ValueError
        If a trained network cannot be read.
    ModuleNotFoundError
        If a package of the extra ``report`` is not installed.
    """
    with extra():
        import jinja2
        from plotly.offline import get_plotlyjs

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    script, library = (_HERE / "page.js").read_text(encoding="utf-8"), get_plotlyjs()
    names = looks(collection.points)
    symbols = {name: _symbol(look) for name, look in names.items()}
    albums = _albums(collection.datasets)
    return environment.get_template("page.html.j2").render(
        command=command,
        costs=COSTS,
        datasets=[
            _dataset(name, points, symbols, albums, MAX_CONFUSIONS // len(collection.datasets))
            for name, points in collection.datasets.items()
        ],
        networks={name: album(name) for name in collection.networks},
        finished=max((r.finished for p in collection.points for r in p.group.records), default=""),
        runs=sum(len(point.group.records) for point in collection.points),
        curves={name: curve(name, points, names) for name, points in collection.datasets.items()},
        style=(_HERE / "page.css").read_text(encoding="utf-8"),
        script=script,
        # A third of the size; the browser unpacks it.
        library=base64.b64encode(gzip.compress(library.encode(), mtime=0)).decode(),
        digests=[_digest(script), _digest(library)],
    )


def _albums(datasets: dict[str, list[Point]]) -> dict[str, Album]:
    """Draw the networks behind the points as long as there is room, by the points' names."""
    albums = {}
    for points in datasets.values():
        room = MAX_PICTURES // len(datasets)
        for point in ranked(points):
            if point.model is not None:
                drawn = album(point.model)
                room -= drawn.size
                if room < 0:
                    break
                albums[point.name] = drawn
    return albums


def _digest(script: str) -> str:
    """Return how a policy names a script that may run; one smuggled in has no such name."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _dataset(
    name: str, points: list[Point], symbols: dict[str, Any], albums: dict[str, Album], matrices: int
) -> dict[str, Any]:
    """Return what the template needs of a data set."""
    fronts = {cost: {point.name for point in on_front(points, cost)} for cost in COSTS}
    confusions = {point.name: found for point in points if (found := confusion(point.group))}
    confused = [point.name for point in ranked(points) if point.name in confusions][:matrices]
    pictured = sum(point.name in albums for point in points)
    trained = sum(point.model is not None for point in points)
    return {
        "name": name,
        "title": DATASETS.get(name, name),
        "front": len(fronts["trainable"]),
        "runs": sum(len(point.group.records) for point in points),
        "reduced": pictured < trained or len(confused) < len(confusions),
        "pictures": f"{pictured} of {trained}",
        "confusions": f"{len(confused)} of {len(confusions)}",
        "points": [
            {
                "point": point,
                "symbol": symbols[point.group.name],
                "front": [cost for cost in COSTS if point.name in fronts[cost]],
                "seconds": sum(r.seconds for r in point.group.records) / len(point.group.records),
                "runs": list(zip(point.group.records, point.paths, strict=True)),
                "confusion": confusions.get(point.name) if point.name in confused else None,
                "confused": point.name in confusions,
                "album": albums.get(point.name),
            }
            for point in points
        ],
        "series": {series_name: symbols[series_name] for series_name in series(points)},
    }


def _symbol(look: Look) -> dict[str, str]:
    """Return a symbol as an SVG path, about 12 units wide around the origin, and its colour."""
    with extra():
        from matplotlib.markers import MarkerStyle
        from matplotlib.transforms import Affine2D

    style = MarkerStyle(look.marker)
    # Downwards as in SVG, not upwards as in matplotlib.
    shape = style.get_path().transformed(style.get_transform() + Affine2D().scale(11, -11))
    outlines = [np.asarray(polygon) for polygon in shape.to_polygons()]
    path = "".join(
        "M" + " ".join(f"{x:.1f},{y:.1f}" for x, y in outline) + "Z" for outline in outlines
    )
    return {"path": path, "colour": look.colour}
