"""The example of docs/fitting.md runs."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "fitting.md"


def test_the_example_runs(capsys) -> None:
    text = PAGE.read_text(encoding="utf-8")
    start = text.index("    import torch\n")
    lines = re.match(r"(?:    .*\n|\n)+", text[start:])
    assert lines is not None
    names: dict = {}
    exec(lines[0].replace("\n    ", "\n").strip(), names)
    assert capsys.readouterr().out == "2387 numbers, error 0.8401: fixed-supports\n"
    assert names["layer"].operator is names["operator"]
