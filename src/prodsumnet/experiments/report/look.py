"""How a series looks: by colour, symbol and dash together, so that none of them is needed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prodsumnet.experiments import figure
from prodsumnet.experiments.pareto import Cost
from prodsumnet.experiments.report.collect import Point

# Okabe & Ito's palette for all kinds of colour vision, without black, which is the text's, and
# without yellow, which is hard to see on white.
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#999999")
# In plotly's words and in matplotlib's.
_SYMBOLS = (
    ("circle", "o"),
    ("square", "s"),
    ("triangle-up", "^"),
    ("diamond", "D"),
    ("x", "X"),
    ("triangle-down", "v"),
    ("star", "*"),
    ("cross", "P"),
    ("triangle-left", "<"),
    ("pentagon", "p"),
    ("triangle-right", ">"),
)
_DASHES = (
    ("solid", "-"),
    ("dash", "--"),
    ("dot", ":"),
    ("dashdot", "-."),
    ("longdash", (0, (9, 3))),
)

DATASETS = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST"}
"""Data sets that are written otherwise than they are named."""
COSTS: dict[Cost, str] = {
    "trainable": "trainable numbers",
    "stored": "stored numbers",
    "bytes": "bytes of stored numbers",
    "macs": "multiply-additions (MACs) per input",
}
"""Titles of the axes."""
PAPER = {"mnist": (figure.PAPER[0], 100 - figure.PAPER[1])}
"""Trainable numbers and test error, in percent, of Wu (2018)."""


@dataclass(frozen=True)
class Look:
    """Colour, symbol and dash; the last two for plotly and for matplotlib."""

    colour: str
    symbol: str
    marker: str
    dash: str
    line: str | tuple[int, tuple[int, ...]]


def looks(points: Iterable[Point]) -> dict[str, Look]:
    """Return the look of every series; up to 77 of them differ in colour or symbol."""
    names = sorted({point.group.name for point in points})
    found = {}
    for index, name in enumerate(names):
        (symbol, marker), (dash, line) = _SYMBOLS[index % 11], _DASHES[index % 5]
        found[name] = Look(_COLOURS[index % 7], symbol, marker, dash, line)
    return found


def series(points: Sequence[Point]) -> dict[str, list[Point]]:
    """Return the points by series, in alphabetical order."""
    names = sorted({point.group.name for point in points})
    return {name: [p for p in points if p.group.name == name] for name in names}


def outline(points: Sequence[Point], cost: Cost) -> list[Point]:
    """Return the points that a series' line goes through: the best of each cost, by validation."""
    best: dict[int, Point] = {}
    for point in sorted(points, key=lambda point: -point.error("validation_accuracy")[0]):
        paid = point.cost(cost)
        if paid is not None:
            best[paid] = point
    return [best[paid] for paid in sorted(best)]


def floor(points: Iterable[Point]) -> float:
    """Return where points without a single error are drawn: a logarithmic axis has no zero."""
    errors = [point.error("test_accuracy")[0] for point in points]
    return min((error for error in errors if error > 0), default=0.1) / 2
