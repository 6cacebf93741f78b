"""How a structure's dials are set: splits of sizes, growing ranks, the choice among candidates."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from prodsumnet.numerics import checks

_SLACK = 1.25
_FILLED = 0.95

Choice = tuple[int, int, Any]
"""Numbers used, worth such as the rank reached, and the dials that do so."""


def splits(n: int) -> list[tuple[int, int]]:
    """Return the ``(a, b)`` with ``a = ceil(n / b)``, the smallest ``b`` for each ``a``.

    They are the ways to see ``n`` features as ``a`` rows of ``b`` with a last row that is not
    empty, so that each row and each column holds a feature.
    """
    root = math.isqrt(n) + 1
    small = range(1, min(root, n) + 1)
    columns = {*small, *(-(-n // a) for a in small)}
    return [(-(-n // b), b) for b in sorted(columns)]


def tensor_sizes(n: int, axes: int) -> tuple[int, ...]:
    """Return sizes of about equal length, ascending, whose product is ``n`` or little more.

    It is ``n`` unless its factors are far from equal. Padding is less than a slice along any axis,
    so that each index of each axis holds a feature.
    """
    found = list(_tensor_sizes(n, axes, 1))
    shortest = min(map(sum, found))
    exact = [s for s in found if math.prod(s) == n and sum(s) <= _SLACK * shortest]
    return min(exact or found, key=lambda s: (sum(s), math.prod(s)))


def _tensor_sizes(n: int, axes: int, least: int) -> Iterator[tuple[int, ...]]:
    if axes == 1:
        yield (n,)
        return
    for a in range(1, n + 1):
        if a**axes > n and a > 1:
            break
        if a >= least:
            yield from ((a, *rest) for rest in _tensor_sizes(-(-n // a), axes - 1, a))


def given_sizes(name: str, sizes: object, features: int) -> tuple[int, ...]:
    """Return an option that says how features are seen as a tensor.

    Raises
    ------
    TypeError
        If it is not a sequence of integers.
    ValueError
        If its product is not the number of features.
    """
    found = checks.int_sequence(name, sizes)
    if math.prod(found) != features or not found:
        raise ValueError(f"the product of {name} must be {features}, got {checks.show(sizes)}")
    return found


def grow(limits: Sequence[int], fits: Callable[[list[int]], bool]) -> list[int]:
    """Return ranks that started at one and grew, the smallest first, as long as they fit."""
    ranks = [1] * len(limits)
    growing = [i for i, limit in enumerate(limits) if limit > 1]
    while growing:
        i = min(growing, key=ranks.__getitem__)
        ranks[i] += 1
        if not fits(ranks):
            ranks[i] -= 1
            growing.remove(i)
        elif ranks[i] == limits[i]:
            growing.remove(i)
    return ranks


def best(choices: Iterable[Choice]) -> Any:
    """Return the dials of highest worth among those that use nearly as many numbers as any."""
    found = list(choices)
    enough = _FILLED * max(count for count, _, _ in found)
    return max((c for c in found if c[0] >= enough), key=lambda c: (c[1], c[0]))[2]
