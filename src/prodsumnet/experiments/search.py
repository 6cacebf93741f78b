"""Looking for the best recipe in a space, by validation accuracy alone."""

import contextlib
import hashlib
import json
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import torch

from prodsumnet import data, models
from prodsumnet.experiments.recipe import Recipe
from prodsumnet.experiments.search_space import Space, applied
from prodsumnet.numerics import streams
from prodsumnet.storage import write_text
from prodsumnet.training import (
    Epoch,
    NonFiniteLossError,
    Trainer,
    check_fits,
    keep_freed_memory,
)

if TYPE_CHECKING:
    import optuna

DATABASE, BEST = "search.db", "best.json"
"""Files of a search's folder."""

HEARTBEAT, GRACE = 10, 60
"""Seconds between a trial's signs of life, and without one until it is retried."""

_POLL, _LOCKED, _RETRIES, _SHOWN = 0.5, 60, 3, 10
_BEGUN, _REASON = "begun", "reason"

Watch = Callable[[int, float, float | None], None]
"""Called after every step of a trial, and when a trial has ended, with the trials finished, the
share of the present one that is done, and the best validation accuracy so far."""


@dataclass(frozen=True)
class Found:
    """What a search has found: the best recipe, its file and a table of the best trials."""

    recipe: Recipe
    path: Path
    validation_accuracy: float
    table: str


def search(
    recipe: Recipe,
    space: Space,
    trials: int,
    folder: Path,
    url: str | None = None,
    epochs: int | None = None,
    watch: Watch | None = None,
) -> Found:
    """Train recipes of a space until so many trials have finished; the test set is not touched.

    A search is known in its database by its recipe and space: the same call goes on with it, and
    several processes may work on it at once. A trial whose process died is tried again.

    Parameters
    ----------
    recipe : Recipe
        Whatever the space leaves open.
    space : Space
        What is tried.
    trials : int
        How many trials there shall be in all, with those of earlier calls; refused networks and
        trainings that were cut short or diverged count.
    folder : Path
        Where ``best.json`` is written.
    url : str, optional
        Of the database; by default SQLite in the folder.
    epochs : int, optional
        Length of each trial; the best recipe keeps its own.
    watch : callable, optional
        See `Watch`.

    Raises
    ------
    ModuleNotFoundError
        If Optuna is not installed (``pip install 'prodsumnet[search]'``).
    ValueError
        If the space has values that the recipe refuses, the database cannot be opened, or no trial
        came to its end.
    OSError
        If the data cannot be had or a file cannot be written.
    """
    if trials < 1:
        raise ValueError(f"trials must be at least 1, got {trials}")
    tried = recipe.overlaid({} if epochs is None else {"training": {"epochs": epochs}})
    space.check(tried)
    keep_freed_memory()
    dataset = data.load(recipe.dataset)
    with _quiet_optuna() as optuna, _opened(optuna, url, folder, _name(tried, space)) as study:
        objective = _Objective(optuna, study, tried, space, dataset, watch)
        _work(optuna, study, objective, trials)
        return _found(study, recipe, folder)


@contextlib.contextmanager
def _quiet_optuna() -> Iterator[ModuleType]:
    """Import Optuna; keep its log, and its notes that heartbeats are experimental, to itself."""
    try:
        import optuna
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "a search needs Optuna: pip install 'prodsumnet[search]'"
        ) from error
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield optuna
    finally:
        optuna.logging.set_verbosity(verbosity)


def _name(recipe: Recipe, space: Space) -> str:
    text = json.dumps([recipe.model_dump(mode="json"), space.model_dump(mode="json")])
    return f"prodsumnet-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


@contextlib.contextmanager
def _opened(
    optuna: ModuleType, url: str | None, folder: Path, name: str
) -> Iterator["optuna.Study"]:
    from sqlalchemy.exc import SQLAlchemyError  # comes with Optuna

    if url is None:
        folder.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{(folder / DATABASE).absolute()}"
    retry = optuna.storages.RetryHeartbeatStaleTrialCallback(max_retry=_RETRIES)
    try:
        storage = optuna.storages.RDBStorage(
            url,
            # SQLite gives up after 5 s if other processes write.
            {"connect_args": {"timeout": _LOCKED}} if url.startswith("sqlite") else None,
            heartbeat_interval=HEARTBEAT,
            grace_period=GRACE,
            heartbeat_stale_trial_callback=retry,
        )
    except (SQLAlchemyError, ImportError, RuntimeError) as error:
        raise ValueError(f"the study's database cannot be opened: {error}") from error
    try:
        yield optuna.create_study(
            storage=storage,
            study_name=name,
            direction="maximize",
            pruner=optuna.pruners.MedianPruner(),
            load_if_exists=True,
        )
    finally:
        storage.remove_session()
        storage.engine.dispose()


class _Objective:
    """One trial: the validation accuracy of what a choice gives."""

    def __init__(
        self,
        optuna: ModuleType,
        study: "optuna.Study",
        recipe: Recipe,
        space: Space,
        dataset: data.Dataset,
        watch: Watch | None,
    ) -> None:
        self._optuna, self._study = optuna, study
        self._recipe, self._space, self._dataset = recipe, space, dataset
        self.watch = watch

    def __call__(self, trial: "optuna.Trial") -> float:
        # A sampler of its own, so that neither a resumed search nor a second process repeats the
        # first trials; independent sampling, since joint samples are drawn before this line.
        self._study.sampler = self._optuna.samplers.TPESampler(
            seed=streams.derive(self._recipe.seed, trial.number) % 2**32, multivariate=False
        )
        recipe = applied(self._recipe, self._space.suggest(trial))
        torch.manual_seed(recipe.seed)
        try:
            model = models.build(
                recipe.network, recipe.budget, recipe.seed, recipe.family, recipe.options
            )
            check_fits(model, self._dataset, recipe.network)
        except ValueError as error:
            raise self._pruned(trial, str(error)) from error
        trial.set_user_attr(_BEGUN, True)
        trainer = Trainer(model, recipe.training, recipe.seed)
        finished, best = _progress_of(self._study)

        def progress(done: int, total: int, last: Epoch | None) -> None:
            if self.watch is not None:
                self.watch(finished, done / total, best)
            if last is not None and last.epoch * total == done * recipe.training.epochs:
                trial.report(last.validation_accuracy, last.epoch)
                if done < total and trial.should_prune():
                    raise self._pruned(trial, f"below the median after epoch {last.epoch}")

        try:
            trainer.fit(self._dataset, progress)
        except NonFiniteLossError as error:
            raise self._pruned(trial, str(error)) from error
        return trainer.history[-1].validation_accuracy

    def _pruned(self, trial: "optuna.Trial", reason: str) -> "optuna.TrialPruned":
        trial.set_user_attr(_REASON, reason)
        return self._optuna.TrialPruned(reason)


def _progress_of(study: "optuna.Study") -> tuple[int, float | None]:
    """Return the number of trials that have finished, and the best validation accuracy."""
    states = [trial.state.name for trial in study.get_trials(deepcopy=False)]
    best = study.best_value if "COMPLETE" in states else None
    return states.count("COMPLETE") + states.count("PRUNED"), best


def _work(optuna: ModuleType, study: "optuna.Study", objective: _Objective, trials: int) -> None:
    while True:
        optuna.storages.fail_stale_trials(study)
        finished, best = _progress_of(study)
        if objective.watch is not None:
            objective.watch(finished, 0.0, best)
        if finished >= trials:
            return
        if finished + _under_way(study) >= trials:
            time.sleep(_POLL)  # others do the rest, unless they die
            continue
        # A trial may be taken for dead by another process (this one was suspended) and retried.
        with contextlib.suppress(optuna.exceptions.UpdateFinishedTrialError):
            study.optimize(objective, n_trials=1)


def _under_way(study: "optuna.Study") -> int:
    """Count trials that run; one killed before its first sign of life never becomes stale."""
    since = datetime.now() - timedelta(seconds=GRACE)
    return sum(
        trial.state.name == "RUNNING"
        and (_BEGUN in trial.user_attrs or (trial.datetime_start or since) > since)
        for trial in study.get_trials(deepcopy=False)
    )


def _found(study: "optuna.Study", recipe: Recipe, folder: Path) -> Found:
    trials = study.get_trials(deepcopy=False)
    complete = [
        (trial.value, trial)
        for trial in trials
        if trial.state.name == "COMPLETE" and trial.value is not None
    ]
    if not complete:
        reasons = sorted({trial.user_attrs.get(_REASON, "") for trial in trials} - {""})
        raise ValueError(f"no trial of {len(trials)} came to its end: {'; '.join(reasons)}")
    complete.sort(key=lambda pair: (-pair[0], pair[1].number))
    accuracy, first = complete[0]
    names = sorted(first.params)
    rows = [["trial", "validation", *names], ["---"] * (2 + len(names))]
    for value, trial in complete[:_SHOWN]:
        values = [_shown(trial.params[name]) for name in names]
        rows.append([str(trial.number), f"{value:.2%}", *values])
    best = applied(recipe, first.params)
    content = json.dumps(best.model_dump(mode="json"), indent=1)
    write_text(folder / BEST, content + "\n")
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return Found(best, folder / BEST, accuracy, table)


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
