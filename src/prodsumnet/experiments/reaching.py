"""How long a training takes to an accuracy."""

import time
from contextlib import suppress

import torch

from prodsumnet import data, models
from prodsumnet.experiments.recipe import Recipe
from prodsumnet.experiments.record import Written, surroundings
from prodsumnet.numerics import checks
from prodsumnet.training import (
    Epoch,
    Settings,
    Trainer,
    accuracy,
    check_fits,
    keep_freed_memory,
)


class Reached(Settings):
    """When one training first had the accuracy, looks at it not counted; None if it never had.

    ``seconds`` are of the clock, ``processor_seconds`` are not longer on a busy machine.
    """

    seed: int
    epochs: float | None
    seconds: float | None
    processor_seconds: float | None
    validation_accuracy: float


class Reaching(Written):
    """Trainings of one recipe from several seeds, until they reach an accuracy."""

    command: str
    recipe: Recipe
    data_digest: str
    goal: float
    every: int
    rows: list[Reached]
    threads: int
    finished: str
    versions: dict[str, str]


class _GoalError(Exception):
    """Ends a training that has reached its goal."""


class _Clock:
    """Time that runs but while it is stopped."""

    def __init__(self) -> None:
        self.start = self._now()

    def _now(self) -> tuple[float, float]:
        return time.monotonic(), time.process_time()

    def read(self) -> tuple[float, float]:
        """Return the seconds of the clock and of the processor so far."""
        clock, processor = self._now()
        return clock - self.start[0], processor - self.start[1]

    def go_on_from(self, reading: tuple[float, float]) -> None:
        """Leave out what passed since a reading."""
        clock, processor = self._now()
        self.start = clock - reading[0], processor - reading[1]


def reach(recipe: Recipe, goal: float, every: int, seeds: int, command: str) -> Reaching:
    """Train from several seeds until the validation accuracy reaches a goal, and record when.

    Parameters
    ----------
    recipe : Recipe
        What is trained; seeds count up from its own.
    goal : float
        The accuracy, a fraction.
    every : int
        Steps from one look at the accuracy to the next.
    seeds : int
        How many trainings.
    command : str
        The command to be recorded.

    Raises
    ------
    TypeError, ValueError
        If an argument is not valid, or the network cannot be built or does not fit its data.
    NonFiniteLossError
        If a training diverges.
    OSError
        If the data cannot be had.
    """
    if not 0 < goal <= 1:
        raise ValueError(f"goal must be a fraction above 0, got {checks.show(goal)}")
    every = checks.positive_int("every", every)
    seeds = checks.positive_int("seeds", seeds, 1000)
    keep_freed_memory()
    dataset = data.load(recipe.dataset)
    rows = [
        _reach(recipe.overlaid({"seed": recipe.seed + k}), dataset, goal, every)
        for k in range(seeds)
    ]
    return Reaching(
        command=command,
        recipe=recipe,
        data_digest=dataset.digest,
        goal=goal,
        every=every,
        rows=rows,
        **surroundings(),
    )


def _reach(recipe: Recipe, dataset: data.Dataset, goal: float, every: int) -> Reached:
    torch.manual_seed(recipe.seed)
    model = models.build(recipe.network, recipe.budget, recipe.seed, recipe.family, recipe.options)
    check_fits(model, dataset, recipe.network)
    trainer, split, clock = Trainer(model, recipe.training, recipe.seed), dataset.split(), _Clock()
    found = Reached(
        seed=recipe.seed,
        epochs=None,
        seconds=None,
        processor_seconds=None,
        validation_accuracy=0.0,
    )

    def look(step: int, steps: int, epoch: Epoch | None) -> None:
        nonlocal found
        if step % every and step < steps:
            return
        reading = clock.read()
        right = accuracy(trainer.result, split.validation_images, split.validation_labels)
        found = found.model_copy(update={"validation_accuracy": right})
        if right >= goal:
            found = Reached(
                seed=recipe.seed,
                epochs=step * recipe.training.epochs / steps,
                seconds=round(reading[0], 2),
                processor_seconds=round(reading[1], 2),
                validation_accuracy=right,
            )
            raise _GoalError
        clock.go_on_from(reading)

    with suppress(_GoalError):
        trainer.fit(dataset, look)
    return found
