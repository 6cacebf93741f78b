"""No kind without cases, no cases without a kind, no name twice."""

import re

import pytest
from tests.contract import discovery

from prodsumnet import families
from prodsumnet.families import registry
from prodsumnet.operators import Identity, LinearOperator, LowRank, kinds

KINDS = [stem for stem in discovery.stems() if not stem.startswith(discovery.FAMILIES)]
FAMILIES = [stem for stem in discovery.stems() if stem.startswith(discovery.FAMILIES)]


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def test_every_kind_has_cases() -> None:
    missing = {kind.replace("-", "_") for kind in kinds.names()} - set(KINDS)
    assert not missing, f"write tests/oracles/<kind>.py for {sorted(missing)}"


def test_every_family_has_cases_and_only_they() -> None:
    names = {discovery.FAMILIES + name.replace("-", "_") for name in families.names()}
    assert names == set(FAMILIES)


@pytest.mark.parametrize("stem", FAMILIES)
def test_every_file_is_about_its_family(stem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    built = []
    monkeypatch.setattr(
        families, "build", lambda name, *a, **k: built.append(name) or registry.build(name, *a, **k)
    )
    cases = discovery.load(stem)
    for case in cases:
        case.build()
    assert set(built) == {stem.removeprefix(discovery.FAMILIES).replace("_", "-")}
    assert len(built) == len(cases)
    assert any(case.errors for case in cases)


@pytest.mark.parametrize("stem", KINDS)
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
