"""The benchmark at tiny sizes: what its records hold, what it does again, what it says."""

import json

import pytest
import torch
from torch import nn

from prodsumnet import families
from prodsumnet.experiments.benchmark import (
    benchmark,
    contest,
    lines,
    read_measurement,
    read_measurements,
    runner,
)
from prodsumnet.experiments.benchmark.linear import natural_budget
from prodsumnet.experiments.benchmark.machine import Machine
from prodsumnet.experiments.benchmark.peers import Peer, peer
from prodsumnet.experiments.record import surroundings
from prodsumnet.training import keep_freed_memory

QUICK = {"seconds": 1e-4}


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """A machine of which nothing is measured."""

    def measure():
        return Machine(flops=1e11, memory=2e10, cache=1e11, **words())

    words = runner.measure_machine.__globals__["_words"]
    monkeypatch.setattr(runner, "measure_machine", measure)


def test_a_line_is_measured_recorded_and_reported(tmp_path):
    chosen = lines(["monarch"], ["product-of-sums"], [16], [2])
    result = benchmark(chosen, tmp_path, "the command", **QUICK)
    assert result.folder == tmp_path / "1-thread-hot"
    first, second = result.measurements
    assert (first.case, first.size, first.batch, first.family) == ("monarch", 16, 2, True)
    assert (first.command, first.threads, first.caches) == ("the command", 1, "hot")
    assert first.kept_memory == keep_freed_memory()
    assert first.trainable == 2 * 16 * 4
    assert (first.flops, first.bytes) == (2 * 2 * first.trainable, first.bytes)
    for mode in ("forward", "training"):
        found = first.timings(mode)
        assert {"torch", "auto", "factors", "dense"} <= found.keys()
        assert first.choices[mode] in first.strategies
        for timing in found.values():
            assert 0 < timing.lower <= timing.microseconds <= timing.upper
            assert timing.repetitions >= 3
        ratio = found["torch"].microseconds / found["auto"].microseconds
        assert first.ratio(mode) == pytest.approx(ratio)
    assert not second.family
    assert "nested modules" in second.timings("forward")
    files = {path.name for path in result.folder.rglob("*") if path.is_file()}
    assert files == {
        "machine.json", "table.md", "roofline.svg", "monarch-16-2.json", "product-of-sums-16-2.json"
    }  # fmt: skip
    machine = json.loads((result.folder / "machine.json").read_text())
    assert machine["versions"] == surroundings()["versions"]
    assert (result.folder / "table.md").read_text() == result.text + "\n"
    assert "| monarch | 16 | 2 | forward |" in result.text
    assert "geometric mean of 1)" in result.text  # The formula is not of the grid.


def test_finished_lines_are_kept(tmp_path, monkeypatch):
    chosen = lines(["diagonal", "low-rank"], None, [16], [1])
    told = []

    def stop(done, name):
        told.append((done, name))
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        benchmark(chosen, tmp_path, "first", watch=stop, **QUICK)
    assert told == [(0, "diagonal-16-1"), (1, "low-rank-16-1")]
    result = benchmark(chosen, tmp_path, "second", **QUICK)
    assert [m.command for m in result.measurements] == ["first", "second"]
    result = benchmark(chosen[:1], tmp_path, "third", again=True, **QUICK)
    assert [m.command for m in result.measurements] == ["third"]
    everything = read_measurements(result.folder)
    assert [m.command for m in everything] == ["third", "second"]
    assert "low-rank" in (result.folder / "table.md").read_text()


def test_threads_and_caches_are_stated_and_restored(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "last_cache", lambda: 1024)
    before = torch.get_num_threads()
    result = benchmark(
        lines(["diagonal"], None, [8], [1]), tmp_path, "", threads=2, cold=True, **QUICK
    )
    assert torch.get_num_threads() == before
    assert result.folder.name == "2-threads-cold"
    assert (result.measurements[0].threads, result.measurements[0].caches) == (2, "cold")
    assert result.machine.threads == 2


def test_the_global_random_state_stays(tmp_path):
    before = torch.get_rng_state()
    benchmark(lines(["sparse"], None, [8], [1]), tmp_path, "", **QUICK)
    assert torch.equal(torch.get_rng_state(), before)


def test_missing_peers_are_said(tmp_path, monkeypatch):
    def absent(operator):
        raise ModuleNotFoundError("absent is missing; pip install it")

    def broken(operator):
        return peer.Function(lambda: lambda x: x.no_such_thing)

    def untrained(operator):
        return peer.Function(lambda: lambda x: x, trains=False)

    peers = [
        Peer(name, {"hadamard": builder})
        for name, builder in (("absent", absent), ("broken", broken), ("untrained", untrained))
    ]
    monkeypatch.setattr(contest, "PEERS", peers)
    monkeypatch.setattr(contest.metadata, "version", lambda name: f"version of {name}")
    result = benchmark(lines(None, ["hadamard"], [8], [2]), tmp_path, "", **QUICK)
    (measurement,) = result.measurements
    assert measurement.missing.keys() == {"absent", "broken", "untrained, training"}
    assert measurement.missing["absent"] == "absent is missing; pip install it"
    assert measurement.missing["broken"].startswith("it fails: AttributeError")
    assert measurement.peers == {"untrained": "version of untrained"}
    assert "untrained" in measurement.timings("forward")
    assert "untrained" not in measurement.timings("training")
    assert "- missing: absent: absent is missing; pip install it" in result.text
    assert "absent: missing" in result.text


def test_complex_operators_meet_a_complex_layer(tmp_path):
    subject = lines(["optical-correlator"], None, [16], [1])[0].case.build(16)
    assert isinstance(subject.baseline, nn.Linear)
    assert subject.baseline.weight.dtype == subject.dtype == torch.complex64


@pytest.mark.parametrize("name", families.names())
def test_every_family_has_a_budget(name):
    for size in (256, 4096):
        least = families.get(name).least(size, size)
        assert least <= natural_budget(name, size) <= size * size // 8


def test_convolutions_agree_with_the_plain_layer():
    torch.manual_seed(0)
    for line in lines(None, ["convolution-separable", "convolution-tucker-16"], [6], [2]):
        subject = line.case.build(line.size)
        layer = subject.layer("auto")
        with torch.no_grad():
            subject.baseline.weight.copy_(layer.weight)
            x = torch.randn(subject.sample(2))
            torch.testing.assert_close(layer(x), subject.baseline(x), atol=1e-5, rtol=1e-5)


def test_the_picture_depends_on_the_records_alone(tmp_path):
    result = benchmark(lines(["monarch"], None, [16], [1, 2]), tmp_path, "", **QUICK)
    picture = result.folder / "roofline.svg"
    before = picture.read_bytes()
    benchmark(lines(["monarch"], None, [16], [1]), tmp_path, "", **QUICK)
    assert picture.read_bytes() == before
    assert b"batch 2" in before
    assert before.startswith(b"<?xml")


def test_regret_and_gain_over_factors():
    timing = {"lower": 1.0, "upper": 1.0, "repetitions": 3}
    times = {"torch": 8.0, "auto": 4.0, "dense": 2.0, "factors": 6.0}
    timings = [{"name": n, "microseconds": t, **timing} for n, t in times.items()]
    fields = {
        "case": "monarch",
        "size": 8,
        "batch": 1,
        "family": True,
        "formula": "",
        "command": "",
    }
    fields |= {"trainable": 1, "flops": 1, "bytes": 1, "threads": 1, "caches": "hot"}
    fields |= {
        "seconds": 1.0,
        "explanation": "",
        "choices": {"forward": "factors", "training": "dense"},
        "strategies": ["auto", "factors", "dense"],
    }
    fields["hopeless"] = {"forward": [], "training": []}
    fields["choices"] = {"forward": "factors", "training": "dense"}
    measurement = runner.Measurement(**fields, forward=timings, training=timings[:3])
    assert measurement.regret("forward") == 2.0
    assert measurement.regret("training") == 2.0
    assert measurement.ratio("forward", "factors") == 1.5
    assert measurement.ratio("training", "factors") is None
    machine = runner.measure_machine()
    text = runner.summary([measurement, measurement], machine)
    assert "forward: 2.00 times faster than torch's layer (geometric mean of 2)" in text
    assert "forward: regret of the planner 2.000 (geometric mean), at worst 2.00" in text
    assert "forward: 1.50 times faster than factor by factor" in text
    assert "training: 1.50" not in text
    assert "| forward | 8.0 | 4.0 (1.0 to 1.0) | 2.00 | factors | dense | 2.00 |" in runner.table(
        [measurement]
    )


def test_hopeless_strategies_are_told_from_the_others():
    subject = lines(["circulant"], None, [2048], [1])[0].case.build(2048)
    for gradients in (False, True):
        seconds = {}
        for way in subject.explain(1, gradients).candidates:
            seconds.setdefault(way.strategy, way.seconds)
        measured, hopeless = subject.strategies(1, gradients)
        assert measured[0] == "auto"
        assert {*measured[1:], *hopeless} == seconds.keys()
        assert "factors" in measured
        assert all(seconds[name] > 30 * min(seconds.values()) for name in hopeless)
    assert "dense" in hopeless  # With gradients it is composed for each call.


def test_refusals(tmp_path):
    with pytest.raises(ValueError, match="unknown family 'none', expected one of acdc"):
        lines(["none"])
    with pytest.raises(ValueError, match="unknown case 'none', expected one of kronecker-sum-4"):
        lines(None, ["none"])
    with pytest.raises(ValueError, match="size must lie between 1 and 16384, got 0"):
        lines(["monarch"], None, [0])
    with pytest.raises(ValueError, match="batch must lie between 1 and 65536, got -1"):
        lines(["monarch"], None, None, [-1])
    chosen = lines(["diagonal"], None, [8], [1])
    with pytest.raises(ValueError, match="threads must lie between 1 and 1024, got 0"):
        benchmark(chosen, tmp_path, "", threads=0)
    with pytest.raises(ValueError, match="seconds must lie between 0 and 60, got nan"):
        benchmark(chosen, tmp_path, "", seconds=float("nan"))


def test_records_of_another_machine_are_not_added_to(tmp_path):
    chosen = lines(["diagonal"], None, [8], [1])
    folder = benchmark(chosen, tmp_path, "", **QUICK).folder
    path = folder / "machine.json"
    kept = json.loads(path.read_text())
    path.write_text(json.dumps(kept | {"processor": "abacus"}))
    with pytest.raises(ValueError, match=r"another machine: its processor is abacus, here .*--out"):
        benchmark(chosen, tmp_path, "", **QUICK)
    path.write_text("{}")
    with pytest.raises(ValueError, match=r"machine.json is not a machine's"):
        benchmark(chosen, tmp_path, "", **QUICK)
    path.write_text(json.dumps(kept))
    line = folder / "lines" / "diagonal-8-1.json"
    line.write_text("{")
    with pytest.raises(ValueError, match=r"diagonal-8-1.json is not a measurement"):
        benchmark(chosen, tmp_path, "", **QUICK)
    with pytest.raises(FileNotFoundError):
        read_measurement(folder / "none.json")
