"""Timing calls against each other: interleaved, in one process."""

import gc
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from prodsumnet.training import Settings

_ROUNDS = 5
_PATIENCE = 2.0
"""Seconds of a second call that is also the last one."""
_LEAST = 3
"""Repetitions of a call that uses up its time at once."""
_MOST = 200
"""Repetitions of one round."""
_LONG = 0.02
"""Seconds of a call that goes through its data so often that it needs none to warm the caches."""


class Timing(Settings):
    """What one contender took: median and quartiles in microseconds, and of how many calls."""

    name: str
    microseconds: float
    lower: float
    upper: float
    repetitions: int


def interleaved(
    calls: Mapping[str, Callable[[], object]],
    seconds: float,
    evict: Callable[[], object] | None = None,
) -> list[Timing]:
    """Time calls in turns, a few repetitions of each every round.

    In each round a contender is called once unmeasured, so that its data are in the caches that
    they fit, and then several times; so what another one left there is of no account, and slow
    changes of the machine meet all alike. How often follows from the time that a call takes. Every
    round has another order, for the memory that a contender gives back may have to be asked for
    again by the next one, through all of its calls.

    Parameters
    ----------
    calls : mapping of str to callable
        The contenders by name.
    seconds : float
        About how long each is measured. A call that takes longer is measured three times; one that
        takes more than two seconds once.
    evict : callable, optional
        Called before every measured call, to empty the caches.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    waited: set[str] = set()
    with _no_collection():
        for turn in range(_ROUNDS):
            for name in random.Random(turn).sample(list(calls), len(calls)):
                found, call = times[name], calls[name]
                if name in waited or (len(found) >= _LEAST and sum(found) >= seconds):
                    continue
                last = found[-1] if found else 0.0
                if not found:
                    # It plans and allocates, and may compose what is kept from then on.
                    if _seconds(call) > _PATIENCE and (second := _seconds(call)) > _PATIENCE:
                        found.append(second)
                        waited.add(name)
                        continue
                elif last < _LONG and evict is None:
                    call()
                for _ in range(_repetitions(last, seconds) if turn else 1):
                    if evict is not None:
                        evict()
                    found.append(_seconds(call))
    return [_timing(name, found) for name, found in times.items()]


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _repetitions(last: float, seconds: float) -> int:
    return max(1, min(_MOST, int(seconds / _ROUNDS / max(last, 1e-9))))


def _timing(name: str, times: list[float]) -> Timing:
    quartiles = statistics.quantiles(times * 2 if len(times) == 1 else times, method="inclusive")
    lower, median, upper = (1e6 * t for t in quartiles)
    return Timing(name=name, microseconds=median, lower=lower, upper=upper, repetitions=len(times))


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep Python from looking for garbage in the middle of a call."""
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
