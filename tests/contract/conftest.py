"""Every test of this folder that asks for a case runs once for each case of every kind."""

import zlib

import pytest
import torch
from tests.contract.case import Case
from tests.contract.discovery import collect

CASES = collect()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", CASES.values(), ids=CASES.keys())
    if "misuse" in metafunc.fixturenames:
        found = {f"{name}-{i}": e for name, c in CASES.items() for i, e in enumerate(c.errors)}
        # Cases of one kind mostly share their misuses.
        distinct = {id(misuse): name for name, misuse in reversed(found.items())}
        names = sorted(distinct.values())
        metafunc.parametrize("misuse", [found[name] for name in names], ids=names)


@pytest.fixture(autouse=True)
def seeded(request: pytest.FixtureRequest) -> None:
    torch.manual_seed(zlib.crc32(request.node.name.encode()))


@pytest.fixture
def operator(case: Case):
    return case.build()
