"""The ways to compute an operator, by name, and which of them is the quickest."""

from dataclasses import dataclass
from typing import Literal

import torch

from prodsumnet.evaluation.chunks import Chunked
from prodsumnet.evaluation.columns import Columns, transpositions
from prodsumnet.evaluation.planner import REMEMBERED_NUMBERS, Planner
from prodsumnet.evaluation.rates import Rates, rates
from prodsumnet.evaluation.tabulation import tabulated
from prodsumnet.numerics import checks
from prodsumnet.operators import Cost, LinearOperator, notation

Strategy = Literal["auto", "factors", "planned", "columns", "chunks", "dense"]

STRATEGIES: dict[Strategy, str] = {
    "auto": "whichever should be the quickest",
    "factors": "factor by factor, as the formula is written",
    "planned": "node by node: rewritten, through its dense matrix, or computed once",
    "columns": "node by node, with features outermost",
    "chunks": "the quicker of these two, on pieces of the batch that fit a cache",
    "dense": "one product with the dense matrix, kept where no gradients are wanted",
}

_CHUNKS = (64, 256, 1024)

_DOUBT: dict[Strategy, float] = {"columns": 1.4, "chunks": 1.2}
"""What a predicted time is multiplied by before it is compared: measured ones were often longer."""

_KEPT = 0.75
"""The same for a product with a kept real matrix, whose time is hardly ever wrong."""


@dataclass(frozen=True)
class Candidate:
    """One way to compute an operator.

    Parameters
    ----------
    strategy : str
        Its name.
    operator : LinearOperator
        The form to evaluate.
    seconds : float
        What it should take.
    doubt : float, optional
        What that is multiplied by before it is compared.
    """

    strategy: Strategy
    operator: LinearOperator
    seconds: float
    doubt: float = 1.0

    @property
    def weighed(self) -> float:
        """The seconds to be compared."""
        return self.seconds * self.doubt


@dataclass(frozen=True)
class Explanation:
    """The ways to compute an operator for a batch, and which one is taken.

    Parameters
    ----------
    title : str
        What is computed.
    candidates : tuple of Candidate
        The ways, the quickest one first.
    chosen : str
        The strategy taken.
    """

    title: str
    candidates: tuple[Candidate, ...]
    chosen: Strategy

    def __str__(self) -> str:
        ways = [
            (way.strategy == self.chosen, way.strategy, way.seconds, notation.formula(way.operator))
            for way in self.candidates
        ]
        return tabulated(self.title, ways)


def check_strategy(value: object) -> Strategy:
    """Return ``value`` if it is the name of a strategy.

    Raises
    ------
    ValueError
        If it is not; the message lists them.
    """
    for name in STRATEGIES:
        if value == name:
            return name
    raise ValueError(f"strategy must be one of {', '.join(STRATEGIES)}, got {checks.show(value)}")


def candidates(
    operator: LinearOperator,
    batch: int,
    dtype: torch.dtype,
    device: torch.device,
    gradients: bool = True,
) -> tuple[Candidate, ...]:
    """Return the ways to compute an operator, the quickest one first.

    Parameters
    ----------
    operator : LinearOperator
        What to compute.
    batch : int
        The number of vectors it will be applied to at a time.
    dtype, device
        Of what it will be applied to, for the fixed nodes that are computed once.
    gradients : bool, optional
        Whether the gradients of input and numbers will be wanted.
    """
    batch, own = max(batch, 1), operator.dtype or dtype
    known = rates(device, own, torch.get_num_threads())
    # What is computed once must serve training too, wherever the plan was made.
    with torch.inference_mode(False), torch.no_grad():
        # Real numbers may make a complex matrix, as the phases of optics do.
        image = operator._matvec(torch.zeros(1, operator.in_features, dtype=own, device=device))
        is_complex = image.is_complex()
        rows = Planner(known, own, device, gradients, "rows", is_complex)
        ways = [Candidate("factors", operator, rows.factors(operator, batch))]
        dense, time = rows.dense(operator, batch)
        if gradients:
            ways.append(Candidate("dense", dense, time))
        elif operator.out_features * operator.in_features <= REMEMBERED_NUMBERS:
            ways.append(Candidate("dense", dense, time, 1.0 if is_complex else _KEPT))
        ways.append(Candidate("planned", *rows.by_parts(operator, batch)))
        columns = Planner(known, own, device, gradients, "columns", is_complex)
        ways.append(_columns(columns, known, operator, batch, gradients))
        ways += _chunked(rows, columns, known, operator, batch, gradients)
    return tuple(sorted(ways, key=lambda way: way.weighed))


def _columns(
    planner: Planner, known: Rates, operator: LinearOperator, batch: int, gradients: bool
) -> Candidate:
    form, time = planner.by_parts(operator, batch)
    turns = transpositions(batch, *operator.shape)
    moves = known.seconds("transpositions", "columns", turns, batch, gradients)
    return Candidate("columns", Columns(form), time + moves, _DOUBT["columns"])


def _chunked(
    rows: Planner,
    columns: Planner,
    known: Rates,
    operator: LinearOperator,
    batch: int,
    gradients: bool,
) -> list[Candidate]:
    """Return the best way in pieces, if the batch is larger than a piece."""
    ways: list[Candidate] = []
    for size in _CHUNKS:
        if size < batch:
            pieces, outputs = -(-batch // size), batch * operator.out_features
            whole = Candidate("planned", *rows.by_parts(operator, size))
            turned = _columns(columns, known, operator, size, gradients)
            best = min(whole, turned, key=lambda way: way.weighed)
            joins = Cost.elementwise(outputs, outputs)
            time = pieces * best.seconds + known.seconds("moving", "rows", joins, 1, gradients)
            form = Chunked(best.operator, size)
            ways.append(Candidate("chunks", form, time, _DOUBT["chunks"]))
    return [min(ways, key=lambda way: way.weighed)] if ways else []


def plan(
    operator: LinearOperator,
    batch: int,
    dtype: torch.dtype,
    device: torch.device,
    gradients: bool = True,
    strategy: Strategy = "auto",
) -> LinearOperator:
    """Return an equal operator over the same numbers that is the quickest way for a batch.

    Parameters
    ----------
    operator, batch, dtype, device, gradients
        As for `candidates`.
    strategy : str, optional
        Take this way and no other; where it does not exist, as pieces of a small batch do not,
        the quickest one.

    Returns
    -------
    LinearOperator
        To be called, not to be trained, stored or composed further. It stays right when numbers
        change, be it in place or by loading; where a conversion changes ``dtype`` or ``device``, a
        new plan is needed.
    """
    return choose(candidates(operator, batch, dtype, device, gradients), strategy).operator


def choose(ways: tuple[Candidate, ...], strategy: Strategy) -> Candidate:
    """Return the candidate of a strategy, or the quickest one.

    Parameters
    ----------
    ways : tuple of Candidate
        The quickest one first.
    strategy : str
        Its name.
    """
    return next((way for way in ways if way.strategy == strategy), ways[0])


def explain(
    operator: LinearOperator,
    batch: int,
    dtype: torch.dtype,
    device: torch.device,
    gradients: bool,
    strategy: Strategy = "auto",
) -> Explanation:
    """Return the ways to compute an operator, with predicted times and the choice.

    Parameters
    ----------
    operator, batch, dtype, device, gradients, strategy
        As for `plan`.
    """
    ways = candidates(operator, batch, dtype, device, gradients)
    task = "forward and backward" if gradients else "forward"
    known = rates(device, operator.dtype or dtype, torch.get_num_threads())
    title = f"{operator!r}, batch {batch}, {task}, rates {known.label}"
    return Explanation(title, ways, choose(ways, strategy).strategy)
