"""How the ways to compute something are shown."""

from collections.abc import Iterable


def tabulated(title: str, ways: Iterable[tuple[bool, str, float, str]]) -> str:
    """Return a title and a line for each way, with its predicted microseconds.

    Parameters
    ----------
    title : str
        What is computed.
    ways : iterable of (bool, str, float, str)
        Whether a way is taken, which gets a star, its name, its seconds, and what it does.
    """
    lines = [title]
    for taken, name, seconds, form in ways:
        lines.append(f"{'*' if taken else ' '} {name:8} {1e6 * seconds:12,.1f} µs  {form}")
    return "\n".join(lines)
