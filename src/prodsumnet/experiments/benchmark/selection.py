"""Which lines of the benchmark are measured, and how."""

from collections.abc import Sequence
from dataclasses import dataclass

from prodsumnet.experiments.benchmark.case import Case
from prodsumnet.experiments.benchmark.convolution import convolution_cases
from prodsumnet.experiments.benchmark.linear import family_cases, operator_cases
from prodsumnet.numerics import checks

_MOST_FEATURES = 2**14
_MOST_ROWS = 2**16


@dataclass(frozen=True)
class Line:
    """A case at one size and batch."""

    case: Case
    size: int
    batch: int

    @property
    def name(self) -> str:
        """A name that no other line has, which files can have."""
        return f"{self.case.name}-{self.size}-{self.batch}"


def lines(
    families: Sequence[str] | None = None,
    cases: Sequence[str] | None = None,
    sizes: Sequence[int] | None = None,
    batches: Sequence[int] | None = None,
) -> list[Line]:
    """Return the lines chosen; by default all.

    Parameters
    ----------
    families, cases : sequence of str, optional
        Only these; if one of the two is given, nothing of the other is chosen unless it is too.
    sizes, batches : sequence of int, optional
        These instead of each case's own.

    Raises
    ------
    ValueError
        If a name is unknown, or a number out of range.
    """
    grid, others = family_cases(), [*operator_cases(), *convolution_cases()]
    if families or cases:
        grid = _chosen("family", grid, families or ())
        others = _chosen("case", others, cases or ())
    sizes = [checks.positive_int("size", size, _MOST_FEATURES) for size in sizes or ()]
    batches = [checks.positive_int("batch", batch, _MOST_ROWS) for batch in batches or ()]
    return [
        Line(case, size, batch)
        for case in [*grid, *others]
        for size in sizes or case.sizes
        for batch in batches or case.batches
    ]


def _chosen(kind: str, cases: Sequence[Case], names: Sequence[str]) -> list[Case]:
    known = {case.name: case for case in cases}
    for name in names:
        if name not in known:
            raise ValueError(
                f"unknown {kind} {checks.show(name)}, expected one of {', '.join(known)}"
            )
    return [known[name] for name in dict.fromkeys(names)]
