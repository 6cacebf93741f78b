"""The table of the measurements, and what it comes to."""

from collections.abc import Sequence

from prodsumnet.experiments.benchmark.case import AUTO, BASELINE, FACTORS
from prodsumnet.experiments.benchmark.machine import Machine
from prodsumnet.experiments.benchmark.measurement import Measurement, Mode, mean, present

_MODES: tuple[Mode, Mode] = ("forward", "training")


def table(measurements: Sequence[Measurement]) -> str:
    """Return one row a line in Markdown: times in microseconds, and ratios, of both modes.

    Ratios say how many times faster the layer is than torch's; the peers' are how many times
    faster it is than them.
    """
    rows = [
        "| case | size | batch | mode | torch, µs | ours, µs (quartiles) | ratio | choice | best "
        "| regret | peers: µs (ratio) |",
        "|---|--:|--:|---|--:|--:|--:|---|---|--:|---|",
    ]
    rows += [_row(m, mode) for m in measurements for mode in _MODES]
    return "\n".join(rows)


def _row(measurement: Measurement, mode: Mode) -> str:
    found = measurement.timings(mode)
    ours, plain = found[AUTO], found[BASELINE]
    ways = [found[name] for name in measurement.strategies if name in found and name != AUTO]
    best = min(ways, key=lambda timing: timing.microseconds)
    regret = measurement.regret(mode)
    own = {BASELINE, *measurement.strategies}
    peers = [
        f"{name}: {timing.microseconds:,.1f} ({measurement.ratio(mode, name):.2f})"
        for name, timing in found.items()
        if name not in own
    ]
    peers += [
        f"{name}: missing" for name in measurement.missing if mode == "training" or "," not in name
    ]
    cells = (
        measurement.case,
        str(measurement.size),
        str(measurement.batch),
        mode,
        f"{plain.microseconds:,.1f}",
        f"{ours.microseconds:,.1f} ({ours.lower:,.1f} to {ours.upper:,.1f})",
        f"{plain.microseconds / ours.microseconds:.2f}",
        measurement.choices[mode],
        best.name,
        "" if regret is None else f"{regret:.2f}",
        "; ".join(peers),
    )
    return f"| {' | '.join(cells)} |"


def summary(measurements: Sequence[Measurement], machine: Machine) -> str:
    """Return the machine and, over the grid of all families, how well planning did.

    Where none of the grid was measured, the same over what was.
    """
    grid = [m for m in measurements if m.family] or list(measurements)
    rows = [
        f"{machine.processor}, {machine.instructions}, {machine.threads} of {machine.cores} "
        f"threads: {machine.flops / 1e9:.0f} GFLOP/s in matrix products, "
        f"{machine.memory / 1e9:.0f} GB/s from memory, {machine.cache / 1e9:.0f} GB/s from cache; "
        f"{', '.join(f'{name} {version}' for name, version in machine.versions.items())}.",
        "",
    ]
    for mode in _MODES:
        rows += [f"- {mode}: {words}" for words in _figures(grid, mode)]
    missing = {name: why for m in measurements for name, why in m.missing.items()}
    rows += [f"- missing: {name}: {why}" for name, why in sorted(missing.items())]
    return "\n".join(rows)


def _figures(grid: Sequence[Measurement], mode: Mode) -> list[str]:
    ratios = [(m.ratio(mode) or 0.0, m) for m in grid]
    if not ratios:
        return []
    least, slowest = min(ratios, key=lambda pair: pair[0])
    words = [
        f"{mean([ratio for ratio, _ in ratios]):.2f} times faster than torch's layer "
        f"(geometric mean of {len(grid)}), at least {least:.2f} times "
        f"({slowest.case}, size {slowest.size}, batch {slowest.batch})"
    ]
    regrets = present(grid, lambda m: m.regret(mode))
    if regrets:
        worst = max((m for m in grid if m.regret(mode)), key=lambda m: m.regret(mode) or 0.0)
        words.append(
            f"regret of the planner {mean(regrets):.3f} (geometric mean), at worst "
            f"{max(regrets):.2f} ({worst.case}, size {worst.size}, batch {worst.batch})"
        )
    gains = present(grid, lambda m: m.ratio(mode, FACTORS))
    if gains:
        words.append(f"{mean(gains):.2f} times faster than factor by factor (geometric mean)")
    return words
