"""Finds every file of cases, so that a kind or family is tested by dropping its file in."""

import importlib
from pathlib import Path

from tests.contract.case import Case

FOLDER = Path(__file__).parents[1] / "oracles"
FAMILIES = "families."


def stems() -> list[str]:
    """Names of the files of cases, sorted; those of families begin with 'families.'."""
    kinds = [path.stem for path in FOLDER.glob("*.py")]
    return sorted(kinds) + sorted(FAMILIES + path.stem for path in FOLDER.glob("families/*.py"))


def load(stem: str) -> list[Case]:
    """The cases of one file."""
    return importlib.import_module(f"tests.oracles.{stem}").CASES


def collect() -> dict[str, Case]:
    """All cases by 'file-id'.

    Raises
    ------
    ValueError
        If a file has no cases, or two of one name.
    """
    found: dict[str, Case] = {}
    for stem in stems():
        cases = load(stem)
        if not cases:
            raise ValueError(f"tests/oracles/{stem}.py has no cases")
        for case in cases:
            name = f"{stem}-{case.id}"
            if name in found:
                raise ValueError(f"two cases are named {name}")
            found[name] = case
    return found
