"""A search on a small problem: what it finds, what it counts, and what it never looks at."""

import json
import sys
from dataclasses import replace

import optuna
import pytest
import torch
from tests.training.synthetic import BATCH, dataset, network

import prodsumnet as psn
from prodsumnet.experiments import Recipe, Space, default_space, load_recipe, load_space, search
from prodsumnet.training import Training

# The package's attribute of this name is the function.
MODULE = sys.modules["prodsumnet.experiments.search"]
RECIPE = Recipe(
    budget=None,
    network="reference-cnn",
    training=Training(epochs=2, batch_size=BATCH, augmentation=None, averaging=None),
)
TWO_RATES = Space.model_validate({"learning_rate": {"low": 1e-6, "high": 0.1}})
HORIZONS = Space(averaging=(None, 1.0))


class Untouchable(torch.Tensor):
    """A tensor with which nothing can be done."""

    @classmethod
    def __torch_function__(cls, function, types, arguments=(), options=None):
        raise AssertionError(f"the test set is touched by {function}")


@pytest.fixture
def small(monkeypatch):
    """A small problem whose test set cannot be touched; returns what was built."""
    built = []

    def build(name, budget, seed, family, options):
        built.append((name, budget, seed, family))
        if family == "low-rank":
            raise ValueError("no low rank here")
        model = network(seed)
        if family == "circulant":
            with torch.no_grad():
                next(model.parameters()).fill_(1e38)
        return model

    data = dataset()
    hidden = replace(
        data,
        test_images=data.test_images.as_subclass(Untouchable),
        test_labels=data.test_labels.as_subclass(Untouchable),
    )
    monkeypatch.setattr(psn.models, "build", build)
    monkeypatch.setattr(psn.data, "load", lambda name: hidden)
    return built


def trials_of(folder):
    """The trials of the only study in a folder."""
    storage = optuna.storages.RDBStorage(f"sqlite:///{folder}/search.db")
    (study,) = optuna.get_all_study_summaries(storage)
    found = optuna.load_study(study_name=study.study_name, storage=storage).trials
    storage.remove_session()
    storage.engine.dispose()
    return found


def test_the_better_of_two_options_is_found(small, tmp_path, monkeypatch):
    space = Space(network=("hidden-layer", "reference-cnn"))
    build = psn.models.build

    def built(name, *rest):
        model = build(name, *rest)
        if name == "hidden-layer":  # cannot learn: all logits are equal
            last = list(model)[-1]
            for parameter in last.parameters():
                parameter.data.zero_()
                parameter.requires_grad_(False)
        return model

    monkeypatch.setattr(psn.models, "build", built)
    found = search(RECIPE.overlaid({"network": "hidden-layer"}), space, 6, tmp_path)
    assert {name for name, *_ in small} == {"hidden-layer", "reference-cnn"}
    assert found.recipe == RECIPE
    assert found.path == tmp_path / "best.json"
    assert load_recipe(str(found.path)) == found.recipe
    values = [t.value for t in trials_of(tmp_path) if t.state == optuna.trial.TrialState.COMPLETE]
    assert found.validation_accuracy == max(values) > 0.5
    first = found.table.splitlines()[2]
    assert "reference-cnn" in first and f"{max(values):.2%}" in first


def test_the_value_is_the_validation_accuracy_of_the_training(small, tmp_path):
    found = search(RECIPE, TWO_RATES, 1, tmp_path)
    torch.manual_seed(RECIPE.seed)
    trainer = psn.training.Trainer(network(RECIPE.seed), found.recipe.training, RECIPE.seed)
    trainer.fit(dataset())
    assert found.validation_accuracy == trainer.history[-1].validation_accuracy
    (trial,) = trials_of(tmp_path)
    assert trial.intermediate_values == {e.epoch: e.validation_accuracy for e in trainer.history}


def test_the_same_call_goes_on_and_tries_other_values(small, tmp_path):
    search(RECIPE, TWO_RATES, 2, tmp_path / "a")
    search(RECIPE, TWO_RATES, 4, tmp_path / "a")
    assert len(small) == 4
    search(RECIPE, TWO_RATES, 4, tmp_path / "a")
    assert len(small) == 4
    search(RECIPE, TWO_RATES, 4, tmp_path / "b")
    first, second = ([t.params for t in trials_of(tmp_path / name)] for name in "ab")
    assert first == second
    assert len({t["learning_rate"] for t in first}) == 4


def test_another_search_in_one_database_is_another_study(small, tmp_path):
    search(RECIPE, HORIZONS, 1, tmp_path)
    search(RECIPE.overlaid({"seed": 1}), HORIZONS, 1, tmp_path)
    assert [seed for _, _, seed, _ in small] == [0, 1]


def test_an_interrupted_trial_does_not_count(small, tmp_path):
    def stop(finished, share, best):
        if finished == 1 and share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(RECIPE, HORIZONS, 3, tmp_path, watch=stop)
    search(RECIPE, HORIZONS, 3, tmp_path)
    states = [trial.state.name for trial in trials_of(tmp_path)]
    assert states.count("FAIL") == 1
    assert len(states) == 4


def test_refused_and_diverged_trials_are_pruned_with_the_reason(small, tmp_path):
    families = ("low-rank", "circulant", "monarch")
    found = search(RECIPE, Space(family=families), 12, tmp_path)
    assert found.recipe.family == "monarch"
    reasons = {
        trial.params["family"]: trial.user_attrs["reason"]
        for trial in trials_of(tmp_path)
        if trial.params["family"] != "monarch"
    }
    assert set(reasons) == {"low-rank", "circulant"}
    assert reasons["low-rank"] == "no low rank here"
    assert "epoch 1, step 1" in reasons["circulant"]


def test_no_trial_that_ends_is_an_error_with_the_reasons(small, tmp_path):
    with pytest.raises(ValueError, match="no trial of 2 came to its end: no low rank here"):
        search(RECIPE, Space(family=("low-rank",)), 2, tmp_path)
    assert not (tmp_path / "best.json").exists()


def test_trials_below_the_median_are_cut_short(small, tmp_path):
    search(RECIPE, TWO_RATES, 12, tmp_path)
    pruned = [trial for trial in trials_of(tmp_path) if trial.state.name == "PRUNED"]
    assert pruned
    for trial in pruned:
        assert list(trial.intermediate_values) == [1]
        assert trial.user_attrs["reason"] == "below the median after epoch 1"


def test_the_length_of_the_trials_is_not_that_of_the_best_recipe(small, tmp_path):
    found = search(RECIPE, HORIZONS, 1, tmp_path, epochs=1)
    assert list(trials_of(tmp_path)[0].intermediate_values) == [1]
    assert found.recipe.training.epochs == 2


def test_a_trial_under_way_elsewhere_is_waited_for_until_it_is_dead(small, tmp_path, monkeypatch):
    search(RECIPE, HORIZONS, 1, tmp_path)
    storage = optuna.storages.RDBStorage(f"sqlite:///{tmp_path}/search.db")
    (summary,) = optuna.get_all_study_summaries(storage)
    study = optuna.load_study(study_name=summary.study_name, storage=storage)
    trial = study.ask()
    trial.suggest_categorical("averaging", (None, 1.0))
    waits = []

    def sleep(seconds):
        waits.append(seconds)
        assert len(small) == 1
        if len(waits) == 3:
            study.tell(trial, 0.5)

    monkeypatch.setattr(MODULE.time, "sleep", sleep)
    search(RECIPE, HORIZONS, 2, tmp_path)
    assert len(waits) == 3
    storage.remove_session()
    storage.engine.dispose()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "Invalid JSON"),
        ("[]", "should be an object"),
        ("{}", "expected at least one of network, family"),
        ({"nonsense": 1}, "nonsense: Extra inputs"),
        ({"family": []}, "family: .*at least 1 item"),
        ({"family": ["none-such"]}, "unknown family 'none-such'"),
        ({"network": ["none-such"]}, "unknown network 'none-such'"),
        ({"batch_size": [8, 8]}, "batch_size: .*different values"),
        ({"batch_size": [8.5]}, "batch_size.0: .*valid integer"),
        ({"learning_rate": {"low": 1, "high": 0.1}}, "low must be less than high"),
        ({"learning_rate": {"low": 1}}, "learning_rate.high: Field required"),
    ],
)
def test_a_bad_space_is_refused(content, message, tmp_path):
    path = tmp_path / "space.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(ValueError, match=message) as error:
        load_space(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"learning_rate": {"low": 0, "high": 1}}, "learning_rate: .*greater than 0, got 0"),
        ({"batch_size": [0]}, "batch_size: .*greater than or equal to 1, got 0"),
        ({"augmentation": {"low": 0, "high": 10}}, "scale: .*less than 1"),
        ({"averaging": [-1.0]}, "averaging: .*greater than 0, got -1"),
    ],
)
def test_values_that_the_recipe_refuses_are_refused_at_once(content, message, small, tmp_path):
    space = Space.model_validate_json(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        search(RECIPE, space, 1, tmp_path / "new")
    assert not small
    assert not (tmp_path / "new").exists()


def test_bad_calls_are_refused(small, tmp_path):
    with pytest.raises(ValueError, match="trials must be at least 1, got 0"):
        search(RECIPE, HORIZONS, 0, tmp_path)
    with pytest.raises(ValueError, match="database cannot be opened"):
        search(RECIPE, HORIZONS, 1, tmp_path, "nonsense")


def test_without_optuna_the_extra_is_named(small, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ModuleNotFoundError, match=r"prodsumnet\[search\]"):
        search(RECIPE, HORIZONS, 1, tmp_path)


def test_the_default_space_suits_the_recipe():
    space = default_space(Recipe())
    assert space.family is None
    assert space.learning_rate.low < 0.08 < space.learning_rate.high
    space.check(Recipe())
    families = default_space(Recipe(network="hidden-layer", budget=20_000)).family
    assert "low-rank" in families
