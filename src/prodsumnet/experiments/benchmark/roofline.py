"""The picture of the measurements: arithmetic rate against operational intensity."""

import io
from collections.abc import Sequence
from pathlib import Path

from prodsumnet.experiments.benchmark.case import AUTO
from prodsumnet.experiments.benchmark.machine import Machine
from prodsumnet.experiments.benchmark.measurement import Measurement
from prodsumnet.storage import write_text

_COLOURS = "#1f5fa8", "#2f8f4e", "#b03030", "#8040a0"


def draw_roofline(measurements: Sequence[Measurement], machine: Machine, path: Path) -> None:
    """Draw forward passes below the roofline (Williams, Waterman & Patterson 2009) as SVG.

    A point is a layer as the planner computes it: the operations and bytes are those of the formula
    factor by factor, so that a point above the roof is one computed with fewer. The same
    measurements give the same bytes.

    Raises
    ------
    ModuleNotFoundError
        If matplotlib is not installed (``pip install 'prodsumnet[figures]'``).
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ModuleNotFoundError(
            f"the picture needs matplotlib ({error}); pip install 'prodsumnet[figures]'"
        ) from error

    matplotlib.rcParams.update({"svg.hashsalt": "prodsumnet", "font.size": 11})
    figure = Figure(figsize=(7.2, 4.8), layout="constrained")
    axes = figure.add_subplot()
    points = [(m, m.timings("forward")) for m in measurements if m.flops and m.bytes]
    batches = sorted({m.batch for m, _ in points})
    for number, batch in enumerate(batches):
        chosen = [(m, found) for m, found in points if m.batch == batch]
        axes.plot(
            [m.flops / m.bytes for m, _ in chosen],
            [m.flops / found[AUTO].microseconds / 1e3 for m, found in chosen],
            marker="o",
            markersize=4,
            alpha=0.7,
            linestyle="none",
            color=_COLOURS[number % len(_COLOURS)],
            label=f"batch {batch}",
        )
    intensities = [m.flops / m.bytes for m, _ in points] or [1.0]
    ends = min(0.05, *intensities), max(100.0, *intensities)
    for bandwidth, style, name in (
        (machine.memory, "-", "memory"),
        (machine.cache, "--", "cache"),
    ):
        knee = machine.flops / bandwidth
        corners = sorted({ends[0], min(max(knee, ends[0]), ends[1]), ends[1]})
        axes.plot(
            corners,
            [min(machine.flops, bandwidth * x) / 1e9 for x in corners],
            color="#404040",
            linestyle=style,
            label=f"limit, {name} {bandwidth / 1e9:.0f} GB/s",
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("operations for each byte, factor by factor")
    axes.set_ylabel("GFLOP/s, forward")
    axes.set_title(f"{machine.processor}, {machine.threads} thread(s)", fontsize=11)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=9)
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    write_text(path, buffer.getvalue())
