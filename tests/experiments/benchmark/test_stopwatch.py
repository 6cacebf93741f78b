"""The stopwatch on a clock of its own: who is called, how often, and what is reported."""

import itertools

import pytest

from prodsumnet.experiments.benchmark import stopwatch


class Clock:
    """A clock that only the calls move."""

    def __init__(self):
        self.now, self.log = 0.0, []

    def call(self, name, *seconds):
        def called():
            self.log.append(name)
            self.now += seconds[min(self.log.count(name), len(seconds)) - 1]

        return called


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(stopwatch.time, "perf_counter", lambda: clock.now)
    return clock


def test_median_and_quartiles_of_calls_in_turns(clock):
    # The first call, which plans, is not measured.
    quick = clock.call("quick", 1.5, 8e-4)
    slow = clock.call("slow", 1.5, 1.0, 3.0, 2.0)
    first, second = stopwatch.interleaved({"quick": quick, "slow": slow}, 0.01)
    assert (first.name, second.name) == ("quick", "slow")
    assert first.microseconds == pytest.approx(800)
    # A long call is measured three times, however short its time.
    assert second.repetitions == 3
    found = second.lower, second.microseconds, second.upper
    assert found == pytest.approx((1.5e6, 2e6, 2.5e6))
    assert first.repetitions >= 9
    where = [i for i, name in enumerate(clock.log) if name == "slow"]
    assert any("quick" in clock.log[a:b] for a, b in itertools.pairwise(where[1:]))


def test_nobody_always_follows_the_same(clock):
    names = "abcd"
    stopwatch.interleaved({name: clock.call(name, 1e-3) for name in names}, 0.01)
    turns = [name for name, _ in itertools.groupby(clock.log)]
    assert all(len({b for a, b in itertools.pairwise(turns) if a == name}) > 1 for name in names)


def test_the_caches_are_emptied_before_each_measured_call(clock):
    call, evict = clock.call("call", 1e-3), clock.call("evict", 5.0)
    (timing,) = stopwatch.interleaved({"call": call}, 0.01, evict)
    assert clock.log[:3] == ["call", "evict", "call"]
    assert clock.log.count("evict") == timing.repetitions
    assert timing.microseconds == pytest.approx(1000)


def test_a_call_that_takes_seconds_is_measured_once(clock):
    (timing,) = stopwatch.interleaved({"call": clock.call("call", 3.0)}, 0.01)
    assert clock.log == ["call", "call"]
    assert timing.repetitions == 1
    assert timing.lower == timing.microseconds == timing.upper == pytest.approx(3e6)


def test_what_only_the_first_call_does_is_not_measured(clock):
    first, later = clock.call("first", 3.0), clock.call("later", 1e-3)
    (timing,) = stopwatch.interleaved({"call": lambda: later() if clock.log else first()}, 0.01)
    assert clock.log[:2] == ["first", "later"]
    assert timing.repetitions >= 3
    assert timing.upper == pytest.approx(1000)


def test_repetitions_are_bounded(clock):
    (timing,) = stopwatch.interleaved({"call": clock.call("call", 1e-9)}, 1.0)
    assert timing.repetitions == 1 + 4 * 200
