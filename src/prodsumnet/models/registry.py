"""Architectures by name."""

from prodsumnet.models.decomposed import decomposed_cnn
from prodsumnet.models.reference import reference_cnn
from prodsumnet.nn import Network

_DEFAULT_BUDGET = 3554
_NAMES = ("decomposed-cnn", "reference-cnn")


def names() -> tuple[str, ...]:
    """Return the names of the architectures."""
    return _NAMES


def build(name: str, budget: int | None = None, seed: int = 0) -> Network:
    """Build an architecture with fresh numbers.

    Parameters
    ----------
    name : str
        One of `names`.
    budget : int, optional
        Number of trainable numbers, for architectures that have the choice; 3,554 by default.
    seed : int, optional
        Of the seeded parts of the structure. Trainable numbers come from torch's generator.

    Raises
    ------
    ValueError
        If the name is unknown, or a budget is given to an architecture that has no choice.
    """
    if name == "decomposed-cnn":
        return decomposed_cnn(_DEFAULT_BUDGET if budget is None else budget, seed)
    if name != "reference-cnn":
        raise ValueError(f"unknown network {name!r}, expected one of {', '.join(_NAMES)}")
    if budget is not None:
        raise ValueError(f"reference-cnn has no choice of its size, got budget {budget}")
    return reference_cnn()
