"""Finds every file of cases, so that a new kind is tested by dropping its file in."""

import importlib
from pathlib import Path

from tests.contract.case import Case

FOLDER = Path(__file__).parents[1] / "oracles"


def stems() -> list[str]:
    """Names of the files of cases, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")


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
