"""Rates: times from costs, read from where they were measured."""

import json
import os
from pathlib import Path

import pytest
import torch

from prodsumnet import operators as ops
from prodsumnet.evaluation import rates
from prodsumnet.operators import Cost

CPU = torch.device("cpu")


def content(call: float) -> dict:
    constants = [{"constants": [k * call, k * 1e-9, 0, 0], "points": []} for k in (1, 3)]
    return {"rates": {"other": dict.fromkeys(("rows", "columns", "dense"), constants)}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(rates.VARIABLE, str(tmp_path))
    return tmp_path


def test_seconds_of_a_rate() -> None:
    rate = rates.Rate(1.0, 0.5, 0.25, 2.0)
    assert rate.seconds(Cost(4, 8), 5) == 1 + 2 + 2
    far = rates.NEAR_BYTES + 3
    assert rate.seconds(Cost(0, far), 5) == 1 + far / 4 + 6


def test_measured_seconds_count_near_them() -> None:
    rate = rates.Rate(0, 1.0, 0, 0, ((4, 1, 1000, 1000, 3000.0), (400, 1, 10**8, 10**8, 10**8)))
    assert rate.seconds(Cost(1000, 1000), 4) == pytest.approx(3000, rel=1e-3)
    assert rate.seconds(Cost(10**8, 10**8), 400) == pytest.approx(10**8, rel=1e-3)
    near = rate.seconds(Cost(1500, 1000), 4)
    assert 2 * 1500 < near < 3 * 1500
    # So does one with more calls.
    assert 1000 < rate.seconds(Cost(1000, 1000, 16), 4) < 1500
    # Another batch with the same cost is another place.
    assert 1000 < rate.seconds(Cost(1000, 1000), 64) < 1500
    assert rate.seconds(Cost(10**13, 10**13), 4) == pytest.approx(10**13, rel=0.05)


def test_calibrated_rates_come_first(folder: Path) -> None:
    shipped = rates.rates(CPU, torch.float32, 1)
    assert ("toeplitz", "rows", True) in shipped.table
    path = folder / rates.file_name(CPU, torch.complex64, 3)
    assert path.name == "cpu-float32-3.json"
    path.write_text(json.dumps(content(1.0)))
    found = rates.rates(CPU, torch.float32, 3)
    assert found.label == "cpu-float32-3"
    assert found.seconds("anything", "rows", Cost(10**9, 0), 1, False) == pytest.approx(2)
    assert found.seconds("anything", "dense", Cost(10**9, 0), 1, True) == pytest.approx(6)
    # Not for another number of threads.
    assert rates.rates(CPU, torch.float32, 1) == shipped


def test_new_rates_are_seen(folder: Path) -> None:
    path = folder / rates.file_name(CPU, torch.float32, 5)
    for call in (1.0, 2.0):
        path.write_text(json.dumps(content(call)))
        os.utime(path, ns=(0, int(call * 10**9)))
        assert rates.rates(CPU, torch.float32, 5).seconds("x", "rows", Cost(), 1, False) == call


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rates": {}}', '{"rates": {"a": 3}}'])
def test_a_damaged_file_is_told(folder: Path, text: str) -> None:
    path = folder / rates.file_name(CPU, torch.float32, 1)
    path.write_text(text)
    with pytest.raises(ValueError, match=r"cpu-float32-1\.json does not hold rates.*calibrate"):
        rates.rates(CPU, torch.float32, 1)


def test_without_a_folder_they_lie_in_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(rates.VARIABLE, raising=False)
    assert rates.folder().name == "rates"
    assert "prodsumnet" in rates.folder().parts


def test_other_devices_and_precisions_take_the_shipped_ones(folder: Path) -> None:
    assert rates.rates(torch.device("meta"), torch.float64, 1).label == "cpu-float32-1"
    assert rates.rates(CPU, torch.float32, 64).label == "cpu-float32-1"


def test_every_kind_has_a_name() -> None:
    assert rates.name(ops.Circulant(4)) == "circulant"

    class Nameless(ops.LinearOperator):
        pass

    assert rates.name(Nameless(2, 2)) == "Nameless"


def test_kronecker_products_are_named_by_whether_their_matrices_are_trained() -> None:
    trained, fixed = ops.Dense(2, 2), ops.Constant(2, 2)
    for factors, expected in (
        ((trained, ops.Identity(3)), "matrices"),
        ((fixed, ops.Identity(3), fixed), "fixed matrices"),
        ((fixed, trained), "matrices"),
        ((fixed, ops.DCT(4)), "dct and fixed matrices"),
    ):
        assert rates.name(ops.kron(*factors)) == f"kronecker of {expected}"
