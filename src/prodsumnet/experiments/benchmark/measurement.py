"""One line of the benchmark, measured and kept as JSON."""

import statistics
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from prodsumnet.experiments.benchmark.case import AUTO, BASELINE
from prodsumnet.experiments.benchmark.stopwatch import Timing
from prodsumnet.experiments.record import Written

Mode = Literal["forward", "training"]


class Measurement(Written):
    """What a layer, torch's layer and the peers took for one operator, size and batch.

    Attributes
    ----------
    command : str
        The command that measured it.
    case, size, batch
        What was measured; the size is that of one side, of images for convolutions.
    family : bool
        Whether it belongs to the grid of all families.
    formula : str
        The operator.
    trainable : int
        How many numbers it has.
    flops, bytes : int
        Of the evaluation factor by factor, by the cost model.
    threads : int
        How many torch had.
    caches : {'hot', 'cold'}
        Whether the data were in the caches that they fit, or the caches were emptied each time.
    kept_memory : bool
        Whether the process kept freed memory, see `prodsumnet.training.keep_freed_memory`.
    seconds : float
        How long each contender was measured, about.
    explanation : str
        What the planner says of its choice in evaluation mode.
    choices : dict of str to str
        The strategy that it takes in each mode.
    strategies : list of str
        Which contenders are the layer in a way of its own.
    hopeless : dict of str to list of str
        In each mode, strategies not measured: they should take 30 times as long as the best one.
    forward, training : list of Timing
        In evaluation mode without gradients; and with the gradients of input and numbers.
    peers : dict of str to str
        The versions of the packages measured.
    missing : dict of str to str
        What could not be measured, and why.
    """

    command: str
    case: str
    size: int
    batch: int
    family: bool
    formula: str
    trainable: int
    flops: int
    bytes: int
    threads: int
    caches: Literal["hot", "cold"]
    kept_memory: bool = False
    seconds: float
    explanation: str
    choices: dict[str, str]
    strategies: list[str]
    hopeless: dict[str, list[str]]
    forward: list[Timing]
    training: list[Timing]
    peers: dict[str, str] = Field(default_factory=dict)
    missing: dict[str, str] = Field(default_factory=dict)

    def timings(self, mode: Mode) -> dict[str, Timing]:
        """Return the timings of a mode by name."""
        return {timing.name: timing for timing in getattr(self, mode)}

    def ratio(self, mode: Mode, over: str = BASELINE, name: str = AUTO) -> float | None:
        """Return how many times faster a contender is than another one, if both were measured."""
        found = self.timings(mode)
        if over not in found or name not in found:
            return None
        return found[over].microseconds / found[name].microseconds

    def regret(self, mode: Mode) -> float | None:
        """Return the time of the planner's choice in that of the best strategy, at least 1."""
        found = self.timings(mode)
        times = [found[name].microseconds for name in self.strategies if name in found]
        if AUTO not in found or len(times) < 2:
            return None
        return found[AUTO].microseconds / min(times)


def read_measurement(path: Path) -> Measurement:
    """Read one measurement.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is not a measurement.
    """
    try:
        return Measurement.model_validate_json(path.read_bytes())
    except ValidationError as error:
        message = error.errors()[0]["msg"]
        raise ValueError(f"{path} is not a measurement of the benchmark: {message}") from error


def present(
    measurements: Iterable[Measurement], value: Callable[[Measurement], float | None]
) -> list[float]:
    """Return a figure of every measurement that has it."""
    return [found for m in measurements if (found := value(m)) is not None]


def mean(values: list[float]) -> float:
    """Return the geometric mean."""
    return statistics.geometric_mean(values)
