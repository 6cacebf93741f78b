"""The Pareto front: the networks that no other one beats at no greater cost."""

from collections.abc import Iterable
from typing import Literal, get_args

from prodsumnet.experiments.summary import Group
from prodsumnet.numerics import checks

Cost = Literal["trainable", "stored", "bytes", "macs"]
COSTS: tuple[Cost, ...] = get_args(Cost)
"""What a network can cost, by the names of a record's fields."""


def pareto(groups: Iterable[Group], cost: Cost = "trainable") -> list[Group]:
    """Return the groups on the front of cost against mean validation error, cheapest first.

    The test error has no say. Of groups that are equal in both, the first is taken; one whose
    multiply-additions are not known (zero in its record) is not on the front of those.

    Parameters
    ----------
    groups : iterable of Group
        Of one data set.
    cost : {'trainable', 'stored', 'bytes', 'macs'}, optional
        What is paid.

    Raises
    ------
    ValueError
        If there is no such cost, or there are several data sets.
    """
    if cost not in COSTS:
        raise ValueError(f"cost must be one of {', '.join(COSTS)}, got {checks.show(cost)}")
    known = [group for group in groups if getattr(group.first, cost) > 0]
    datasets = sorted({group.first.recipe.dataset for group in known})
    if len(datasets) > 1:
        raise ValueError(f"a front is of one data set, got {', '.join(datasets)}")
    front: list[Group] = []
    best = -1.0
    for group in sorted(known, key=lambda g: (getattr(g.first, cost), -_validation(g))):
        if _validation(group) > best:
            best = _validation(group)
            front.append(group)
    return front


def _validation(group: Group) -> float:
    return group.percent("validation_accuracy")[0]
