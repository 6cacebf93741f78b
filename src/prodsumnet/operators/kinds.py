"""The names under which kinds of operators appear in a spec."""

from typing import Any

from prodsumnet.numerics import checks

_KINDS: dict[str, Any] = {}


def register(kind: str, cls: type) -> None:
    """Give a class its name in specs.

    Raises
    ------
    ValueError
        If another class already has that name.
    """
    if kind in _KINDS:
        raise ValueError(f"kind {kind!r} is already taken by {_KINDS[kind].__qualname__}")
    _KINDS[kind] = cls


def names() -> tuple[str, ...]:
    """All registered kinds, sorted."""
    return tuple(sorted(_KINDS))


def lookup(kind: object) -> type:
    """Return the class of a kind.

    Raises
    ------
    ValueError
        If there is no such kind; the message lists the ones there are.
    """
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ValueError(
            f"unknown kind of operator {checks.show(kind)}, expected one of {', '.join(names())}"
        )
    return _KINDS[kind]
