"""Strategies: all are the operator; the quickest one by the rates is taken."""

import json
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.expressions import Formula, formulas
from tests.evaluation.test_planner import EXAMPLES, assert_equal_maps

from prodsumnet import operators as ops
from prodsumnet.evaluation import (
    STRATEGIES,
    Composed,
    candidates,
    check_strategy,
    explain,
    plan,
    rates,
)

CPU = torch.device("cpu")


@given(
    formula=formulas(),
    strategy=st.sampled_from(list(STRATEGIES)),
    batch=st.sampled_from([1, 100, 5000]),
    wanted=st.booleans(),
)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_strategy_is_the_operator(
    formula: Formula, strategy: str, batch: int, wanted: bool
) -> None:
    found = plan(formula.operator, batch, torch.float64, CPU, wanted, strategy)
    assert_equal_maps(found, formula.operator)


@pytest.mark.parametrize("wanted", [False, True])
@pytest.mark.parametrize("name", EXAMPLES)
def test_strategies_of_expressions_that_matter(name: str, wanted: bool) -> None:
    torch.manual_seed(1)
    operator = EXAMPLES[name]()
    ways = candidates(operator, 200, torch.float64, CPU, wanted)
    assert {way.strategy for way in ways} == set(STRATEGIES) - {"auto"}
    for way in ways:
        assert_equal_maps(way.operator, operator)
        x = torch.randn(130, operator.in_features, dtype=operator.dtype or torch.float64)
        torch.testing.assert_close(way.operator(x), operator(x))
        with torch.no_grad():
            torch.testing.assert_close(way.operator(x), operator(x))


def write(folder: Path, **kinds: float) -> None:
    """Rates where every kind takes as long as it says for any cost, and others no time."""
    table = {
        kind.replace("_", "-"): dict.fromkeys(
            ("rows", "columns", "dense"), [{"constants": [s, 0, 0, 0], "points": []}] * 2
        )
        for kind, s in {"other": 0.0, **kinds}.items()
    }
    (folder / rates.file_name(CPU, torch.float32, torch.get_num_threads())).write_text(
        json.dumps({"rates": table})
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(rates.VARIABLE, str(tmp_path))
    return tmp_path


def test_the_rates_decide(folder: Path) -> None:
    operator = ops.Circulant(8) @ ops.Diagonal(8)
    write(folder, dense=1.0)
    assert type(plan(operator, 4, torch.float32, CPU)) is ops.Product
    write(folder, circulant=1.0, dense=0.5)
    # Without gradients, the matrix costs nothing but the product.
    assert type(plan(operator, 4, torch.float32, CPU, False)) is Composed
    # With them, it has to be composed, of a circulant, too.
    assert type(plan(operator, 4, torch.float32, CPU, True)) is ops.Product


def test_predicted_seconds_add_up(folder: Path) -> None:
    write(folder, circulant=3.0, diagonal=5.0, dense=100.0, moving=7.0, transpositions=9.0)
    operator = ops.Circulant(8) @ ops.Diagonal(8) + ops.Diagonal(8)
    found = {w.strategy: w.seconds for w in candidates(operator, 300, torch.float32, CPU)}
    written = 3 * max(1, ops.Circulant(8).cost(1).calls) + 5 + 5 + 7
    assert found["factors"] == found["planned"] == written
    assert found["columns"] == written + 9
    assert found["chunks"] == 2 * written + 7
    # The diagonal term is composed, and the circulant applied to another.
    assert found["dense"] == 100 + written


def test_a_strategy_can_be_forced(folder: Path) -> None:
    write(folder, circulant=1.0)
    operator = ops.Circulant(8) @ ops.Diagonal(8)
    for strategy in set(STRATEGIES) - {"auto"}:
        ways = candidates(operator, 100, torch.float32, CPU)
        forced = plan(operator, 100, torch.float32, CPU, True, strategy)
        wanted = next(way for way in ways if way.strategy == strategy)
        assert repr(forced) == repr(wanted.operator)
    # A batch that is one piece has no pieces.
    whole = plan(operator, 64, torch.float32, CPU, True, "chunks")
    assert repr(whole) == repr(plan(operator, 64, torch.float32, CPU))


def test_names_are_checked() -> None:
    for name in STRATEGIES:
        assert check_strategy(name) == name
    for wrong in ("fast", None, 3, ["dense"]):
        with pytest.raises(ValueError, match=r"one of auto, factors.*dense, got"):
            check_strategy(wrong)


def test_an_explanation_shows_the_candidates(folder: Path) -> None:
    write(folder, circulant=2.0, dense=1.0)
    operator = ops.Circulant(8) @ ops.Diagonal(8)
    found = explain(operator, 16, torch.float32, CPU, False)
    assert found.chosen == "dense"
    lines = str(found).splitlines()
    assert "batch 16, forward, rates cpu-float32" in lines[0]
    assert lines[1].startswith("* dense     1,000,000.0 µs")
    assert "[Circulant(8)·Diagonal(8)]" in lines[1]
    assert len(lines) == 1 + len(found.candidates) == 5
    seconds = [candidate.seconds for candidate in found.candidates]
    assert seconds == sorted(seconds)
    forced = explain(operator, 16, torch.float32, CPU, True, "columns")
    assert forced.chosen == "columns"
    assert "forward and backward" in str(forced)
    assert sum(line.startswith("*") for line in str(forced).splitlines()) == 1
