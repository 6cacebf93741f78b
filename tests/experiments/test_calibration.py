"""Calibration: constants are found from times, and what is written is what the planner reads."""

from pathlib import Path

import pytest
import torch

from prodsumnet import operators as ops
from prodsumnet.evaluation import rates
from prodsumnet.experiments import calibration
from prodsumnet.experiments.calibration import Sample, fit
from prodsumnet.operators import Cost

CPU = torch.device("cpu")


def synthetic(kind: str, call: float, flop: float, byte: float) -> list[Sample]:
    """Times that follow the model exactly, for costs that tell its constants apart."""
    samples = []
    for task in rates.TASKS:
        for gradients in (False, True):
            for n in (1, 30, 1000, 200_000):
                for flops in (n, 50 * n):
                    cost = Cost(flops, 8 * n, 1)
                    seconds = call + flop * flops + byte * cost.bytes
                    samples.append(Sample(kind, task, gradients, cost, n, seconds))
    return samples


def test_constants_are_found() -> None:
    found = fit(synthetic("dense", 1e-5, 2e-10, 3e-10) + synthetic("moving", 1e-6, 0, 1e-10))
    for task in rates.TASKS:
        forward = found["dense"][task][0]
        call, flop, byte, _ = forward["constants"]
        assert (call, flop, byte) == pytest.approx((1e-5, 2e-10, 3e-10), rel=0.02)
        assert [1, 1, 50, 8] in [point[:4] for point in forward["points"]]
    assert found.keys() == {"dense", "moving", rates.OTHER}


def test_what_varies_within_a_name_is_priced_high() -> None:
    quick, slow = synthetic("Chained", 1e-5, 0, 0), synthetic("Chained", 9e-5, 0, 0)
    found = fit(quick + slow + synthetic("moving", 1e-6, 0, 0))["Chained"]["rows"][0]
    assert found["constants"][0] == pytest.approx(9e-5, rel=0.05)
    other = fit(quick + slow + synthetic("moving", 1e-6, 0, 0))["other"]["rows"][0]
    assert found["points"]
    assert other["points"] == []


def test_examples_are_distinct_nodes_of_the_families() -> None:
    told = []
    found = list(calibration.examples((8,), CPU, lambda *words: told.append(words)))
    kinds = {rates.name(operator) for operator in found}
    expected = {"dense", "circulant", "hadamard", "sparse", "in place"}
    expected |= {"chain of narrow matrices"}
    products = {"matrices", "fixed matrices", "dct"}
    assert expected | {"constant"} | {f"kronecker of {factors}" for factors in products} <= kinds
    assert told[0][0] == 0
    assert all(total == len(told) for _, total, _ in told)
    assert not any(operator.dtype is not None and operator.dtype.is_complex for operator in found)
    named = [operator for operator in found if operator.kind != "dense"]
    leaves = [(rates.name(leaf), repr(leaf), leaf.cost(1)) for leaf in named]
    assert len(set(leaves)) == len(leaves)


def test_what_is_written_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = [ops.Dense(8, 8), ops.Circulant(8), ops.Permutation(8, 1)]
    monkeypatch.setattr(calibration, "examples", lambda *_: iter(few))
    monkeypatch.setenv(rates.VARIABLE, str(tmp_path))
    path = calibration.calibrate(CPU, torch.float32, sizes=(8,), batches=(1, 4))
    threads = torch.get_num_threads()
    assert path == tmp_path / f"cpu-float32-{threads}.json"
    found = rates.rates(CPU, torch.float32, threads)
    for kind in ("dense", "circulant", "permutation", "moving", "transpositions"):
        for gradients in (False, True):
            seconds = found.seconds(kind, "rows", Cost(100, 100, 1), 4, gradients)
            assert 0 < seconds < 1
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
