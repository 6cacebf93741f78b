"""The machine's words and rates."""

from prodsumnet.experiments.benchmark import machine


def test_rates_are_those_of_a_machine(monkeypatch):
    monkeypatch.setattr(machine, "_GEMM", 128)
    monkeypatch.setattr(machine, "last_cache", lambda: 2**20)
    found = machine.measure_machine()
    # Any computer is between these.
    assert 1e7 < found.flops < 1e16
    assert 1e7 < found.memory < 1e14
    assert 1e7 < found.cache < 1e15
    assert found.processor
    assert found.threads <= 4096


def test_the_largest_cache_is_at_least_a_common_one():
    assert machine.last_cache() >= 2**25
