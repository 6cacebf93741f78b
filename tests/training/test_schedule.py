"""The one-cycle learning rate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodsumnet.training.schedule import one_cycle


@pytest.mark.parametrize(
    ("done", "warmup", "fraction"),
    [
        (0.0, 0.2, 0.0),
        (0.05, 0.2, 0.25),
        (0.1, 0.2, 0.5),
        (0.2, 0.2, 1.0),
        (0.4, 0.2, 0.8535533905932737),  # (1 + cos(pi / 4)) / 2
        (0.6, 0.2, 0.5),
        (0.8, 0.2, 0.14644660940672624),
        (1.0, 0.2, 0.0),
        (0.0, 0.0, 1.0),
        (0.5, 0.0, 0.5),
    ],
)
def test_values(done, warmup, fraction):
    assert one_cycle(done, warmup) == pytest.approx(fraction, abs=1e-15)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.99))
def test_rises_then_falls_within_zero_and_one(a, b, warmup):
    low, high = min(a, b), max(a, b)
    assert 0 <= one_cycle(a, warmup) <= 1
    if high < warmup:
        assert one_cycle(low, warmup) <= one_cycle(high, warmup)
    if low >= warmup:
        assert one_cycle(low, warmup) >= one_cycle(high, warmup)
