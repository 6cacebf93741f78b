"""No kind without cases, no cases without a kind, no name twice."""

import re

import pytest
from tests.contract import discovery

from prodsumnet.operators import Identity, LinearOperator, LowRank, kinds


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def test_every_kind_has_cases() -> None:
    missing = {kind.replace("-", "_") for kind in kinds.names()} - set(discovery.stems())
    assert not missing, f"write tests/oracles/<kind>.py for {sorted(missing)}"


@pytest.mark.parametrize("stem", discovery.stems())
def test_every_file_is_about_its_kind(stem: str) -> None:
    names = {kind.replace("-", "_") for kind in kinds.names()} | {_snake(LowRank.__name__)}
    assert stem in names, f"tests/oracles/{stem}.py is about no kind of operator"
    cases = discovery.load(stem)
    about = []
    for case in cases:
        operator = case.build()
        about.append(stem in (operator.kind.replace("-", "_"), _snake(type(operator).__name__)))
    assert sum(about) * 2 > len(cases)
    assert any(case.errors for case in cases)


def test_every_kind_finds_its_class() -> None:
    for kind in kinds.names():
        cls = kinds.lookup(kind)
        assert issubclass(cls, LinearOperator)
        assert cls.kind == kind


def test_duplicate_kinds_raise() -> None:
    with pytest.raises(ValueError, match="kind 'identity' is already taken by Identity"):
        type("Again", (LinearOperator,), {}, kind="identity")
    assert kinds.lookup("identity") is Identity


def test_duplicate_cases_raise(monkeypatch: pytest.MonkeyPatch) -> None:
    case = discovery.load("identity")[0]
    monkeypatch.setattr(discovery, "load", lambda stem: [case, case])
    with pytest.raises(ValueError, match="two cases are named"):
        discovery.collect()
    monkeypatch.setattr(discovery, "load", lambda stem: [])
    with pytest.raises(ValueError, match="has no cases"):
        discovery.collect()
