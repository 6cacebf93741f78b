"""The interactive curves, for plotly's JavaScript."""

import html
import json
from collections.abc import Mapping, Sequence
from typing import Any

from prodsumnet.experiments.pareto import Cost
from prodsumnet.experiments.report.collect import Point, on_front
from prodsumnet.experiments.report.extra import extra
from prodsumnet.experiments.report.look import COSTS, PAPER, Look, floor, outline, series

_WIDTH = 64
_MAX_FORMULAS = 4


def curve(dataset: str, points: Sequence[Point], looks: dict[str, Look]) -> dict[str, Any]:
    """Return the figure of one data set as plain JSON.

    Returns
    -------
    dict
        ``data`` and ``layout`` as plotly takes them, without coordinates and colours of the page,
        and ``axes``: for every cost, the coordinates of all traces and the axis' title.
    """
    with extra():
        from plotly import graph_objects

    lowest = floor(points)

    def height(point: Point) -> float:
        return max(point.error("test_accuracy")[0], lowest)

    axes: dict[Cost, Any] = {
        cost: {"title": title, "x": [], "y": []} for cost, title in COSTS.items()
    }

    def place(on: Mapping[Cost, Sequence[Point]]) -> None:
        for cost, chosen in on.items():
            axes[cost]["x"].append([point.cost(cost) for point in chosen])
            axes[cost]["y"].append([height(point) for point in chosen])

    figure = graph_objects.Figure()
    figure.add_scatter(
        mode="lines+markers",
        name="Pareto front",
        meta="front",
        hoverinfo="skip",
        opacity=0.4,
        line={"width": 6},
        marker={"symbol": "circle-open", "size": 20, "line": {"width": 3}},
    )
    place({cost: on_front(points, cost) for cost in COSTS})
    for name, members in series(points).items():
        look = looks[name]
        figure.add_scatter(
            mode="lines",
            name=name,
            meta=name,
            hoverinfo="skip",
            line={"color": look.colour, "dash": look.dash, "width": 1.5},
        )
        place({cost: outline(members, cost) for cost in COSTS})
        figure.add_scatter(
            mode="markers",
            name=name,
            meta=name,
            customdata=[point.name for point in members],
            hovertext=[_hover(point) for point in members],
            hovertemplate="%{hovertext}<extra></extra>",
            marker={"color": look.colour, "symbol": look.symbol, "size": 11, "line": {"width": 1}},
            error_y={
                "type": "data",
                "array": [point.error("test_accuracy")[1] for point in members],
                "color": look.colour,
                "thickness": 1.5,
                "width": 4,
            },
        )
        place(dict.fromkeys(COSTS, members))
    if dataset in PAPER:
        trainable, error = PAPER[dataset]
        figure.add_scatter(
            mode="markers+text",
            name="Wu (2018)",
            meta="paper",
            text=["Wu (2018)"],
            textposition="top center",
            hovertemplate=f"Wu (2018)<br>{trainable:,} trainable, {error:.2f} %<extra></extra>",
            marker={"symbol": "x-thin", "size": 11, "line": {"width": 2.5}},
        )
        for cost, axis in axes.items():
            axis["x"].append([trainable if cost == "trainable" else None])
            axis["y"].append([error])
    figure.update_layout(
        template="none",
        showlegend=False,
        dragmode=False,
        hovermode="closest",
        hoverlabel={"align": "left"},
        margin={"l": 8, "r": 12, "t": 12, "b": 8},
        xaxis={"type": "log", "automargin": True, "tickformat": "~s", "title": {"standoff": 12}},
        yaxis={
            "type": "log",
            "automargin": True,
            "nticks": 8,
            "tickformat": ".3~g",
            "ticksuffix": " %",
            "title": {"text": "test error, mean ± std", "standoff": 12},
        },
    )
    # Through JSON, for plotly's own kinds of lists and dictionaries.
    return {**json.loads(str(figure.to_json())), "axes": axes}


def _hover(point: Point) -> str:
    """Return what is shown beside a point, in the few tags that plotly knows."""
    first, records = point.group.first, point.group.records
    formulas = first.operators[:_MAX_FORMULAS] or ["expression not recorded"]
    if len(first.operators) > _MAX_FORMULAS:
        formulas = [*formulas, f"and {len(first.operators) - _MAX_FORMULAS} more"]
    macs = f", {first.macs:,} MACs" if first.macs else ""
    error = "test error {:.2f} ± {:.2f} %".format(*point.error("test_accuracy"))
    lines = [
        *formulas,
        f"{first.trainable:,} trainable, {first.stored:,} stored, {first.bytes:,} bytes{macs}",
        "validation error {:.2f} ± {:.2f} %".format(*point.error("validation_accuracy")),
        f"{first.epochs} epochs, seeds {', '.join(str(r.recipe.seed) for r in records)}",
        first.command,
        f"record {point.paths[0]}",
    ]
    texts = [html.escape(_shortened(line)) for line in lines]
    return "<br>".join([f"<b>{html.escape(point.group.name)}: {error}</b>", *texts])


def _shortened(text: str) -> str:
    half = _WIDTH // 2
    return text if len(text) <= _WIDTH else f"{text[: half - 1]} … {text[-half + 2 :]}"
