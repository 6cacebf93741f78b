"""The picture of the records: trainable parameters against accuracy."""

import io
from collections.abc import Sequence
from pathlib import Path

from prodsumnet.experiments.summary import Group
from prodsumnet.storage import write_text

PAPER = (3554, 98.44)
"""Trainable parameters and test accuracy, in percent, of Wu (2018) on MNIST."""


def draw(groups: Sequence[Group], path: Path) -> None:
    """Draw groups as an SVG file, the same bytes for the same records.

    Of several recipes with the same number of trainable parameters, the one with the best
    validation accuracy is shown.

    Raises
    ------
    ModuleNotFoundError
        If matplotlib is not installed (``pip install 'prodsumnet[figures]'``).
    """
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, NullFormatter

    matplotlib.rcParams.update({"svg.hashsalt": "prodsumnet", "font.size": 11})
    figure = Figure(figsize=(7.2, 4.2), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(*PAPER, marker="x", markersize=9, color="#b03030", linestyle="none")
    axes.annotate(
        "3,554, the paper\n98.44 %",
        PAPER,
        (0, -12),
        textcoords="offset points",
        ha="center",
        va="top",
        color="#b03030",
    )
    best: dict[int, Group] = {}
    for group in sorted(groups, key=lambda group: group.percent("validation_accuracy")):
        best[group.first.trainable] = group
    for trainable, group in best.items():
        mean, deviation = group.percent("test_accuracy")
        dense = group.first.recipe.network == "reference-cnn"
        axes.errorbar(
            trainable,
            mean,
            deviation,
            marker="s" if dense else "o",
            color="#404040" if dense else "#1f5fa8",
            capsize=4,
        )
        axes.annotate(
            f"{trainable:,}{', dense' if dense else ''}\n{mean:.2f} %",
            (trainable, mean),
            (0, -12),
            textcoords="offset points",
            ha="center",
            va="top",
        )
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("trainable parameters")
    axes.set_ylabel("MNIST test accuracy, % (mean ± std of seeds)")
    axes.margins(0.15, 0.25)
    axes.grid(alpha=0.3)
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    write_text(path, buffer.getvalue())
