"""What the library knows about a family of structured matrices."""

from collections.abc import Callable
from dataclasses import dataclass

from prodsumnet.operators import LinearOperator


@dataclass(frozen=True)
class Family:
    """A structure of the literature, built at any size within a budget.

    Parameters
    ----------
    name : str
        By which it is built; its file has that name, with underscores.
    build : callable
        ``build(out_features, in_features, budget, seed, **options)`` gives an operator with at most
        ``budget`` trainable numbers, about as many as it can use well. Budgets below the least
        never reach it.
    least : callable
        ``least(out_features, in_features, **options)``: the smallest budget.
    formula : str
        The structure as a product of sums.
    source : str
        Authors and years.
    good_for : str
        What one takes it for.
    accepts : str
        How sizes are met that the structure does not have by itself, and the least budget.
    """

    name: str
    build: Callable[..., LinearOperator]
    least: Callable[..., int]
    formula: str
    source: str
    good_for: str
    accepts: str
