"""The rules of the house that can be read off the source: floors, imports, and what is not read."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

import prodsumnet

ROOT = Path(__file__).parents[1]
SOURCE = Path(prodsumnet.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
IDS = [str(path.relative_to(SOURCE)) for path in FILES]

OPTIONAL = {
    "distributed",
    "jinja2",
    "matplotlib",
    "optuna",
    "plotly",
    "sklearn",
    "sqlalchemy",
}
"""Extras that may be missing, and so may be imported where they are used."""
LATE = {"prodsumnet.training.fabric"}
"""Files that are imported where they are used, since what they import takes a second."""
UNSAFE_MODULES = {
    "pickle",
    "cPickle",
    "_pickle",
    "cloudpickle",
    "dill",
    "joblib",
    "marshal",
    "shelve",
}
UNSAFE_CALLS = {
    "torch.load",
    "torch.save",
    "torch.jit.load",
    "torch.hub.load",
    "np.load",
    "numpy.load",
}
UNSAFE_NAMES = {"eval", "exec", "__import__"}


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def dotted(node: ast.AST) -> str:
    """The name of an attribute as it is written, ``a.b.c``."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def violations(tree: ast.AST) -> Iterator[str]:
    """Whatever a file does that could run what it reads."""
    for node in ast.walk(tree):
        for name in imported(node):
            if UNSAFE_MODULES & set(name.split(".")) or name in UNSAFE_CALLS:
                yield f"line {node.lineno}: imports {name}"
        if isinstance(node, ast.Attribute) and dotted(node) in UNSAFE_CALLS:
            yield f"line {node.lineno}: {dotted(node)}"
        if isinstance(node, ast.Call) and dotted(node.func) in UNSAFE_NAMES:
            yield f"line {node.lineno}: calls {dotted(node.func)}"


def inner_imports(tree: ast.AST) -> Iterator[str]:
    """Imports inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for inner in ast.walk(node):
                for name in imported(inner):
                    late = any(name.startswith(f"{module}.") for module in LATE)
                    if name.split(".")[0] not in OPTIONAL and not late:
                        yield f"line {inner.lineno}: imports {name} inside a function"


def test_imports_point_down_the_floors() -> None:
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def test_the_floors_are_all_the_rooms_there_are() -> None:
    rooms = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert {"cli", "storage", "models", "nn", "evaluation", "operators", "numerics"} <= rooms
    text = (ROOT / "pyproject.toml").read_text()
    contract = text.split("[[tool.importlinter.contracts]]")[1].split("layers = [")[1].split("]")[0]
    assert all(room in contract for room in rooms)
    assert "exhaustive = true" in text


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_nothing_that_is_read_can_run(path: Path) -> None:
    assert list(violations(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_no_function_imports(path: Path) -> None:
    assert list(inner_imports(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "import pickle as p",
        "from pickle import loads",
        "from torch import load",
        "import torch\ntorch.load('x')",
        "import torch\nread = torch.load",
        "import torch\ntorch.save(1, 'x')",
        "import numpy as np\nnp.load('x')",
        "def f():\n    import shelve",
        "eval('1')",
        "exec('1')",
        "__import__('os')",
    ],
)
def test_the_search_finds_what_it_looks_for(text: str) -> None:
    assert len(list(violations(ast.parse(text)))) == 1


def test_the_search_finds_inner_imports() -> None:
    for text in ("def f():\n if 1:\n  from os import path", "class A:\n def g(self):\n  import re"):
        assert len(list(inner_imports(ast.parse(text)))) == 1
    assert not list(inner_imports(ast.parse("import os\nif True:\n    import re")))
    assert not list(inner_imports(ast.parse("def f():\n    import matplotlib.pyplot")))


def test_importing_needs_no_extra_and_says_nothing() -> None:
    code = (
        "import sys, prodsumnet\n"
        "extras = {'matplotlib', 'sklearn', 'hypothesis', 'pytest', 'importlinter'}\n"
        "sys.exit(str(sorted(extras & set(sys.modules))) if extras & set(sys.modules) else 0)"
    )
    command = [sys.executable, "-W", "error::DeprecationWarning:prodsumnet", "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
