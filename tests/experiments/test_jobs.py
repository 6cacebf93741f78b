"""One run as a job: done once, alone, and leaving nothing but its result."""

import shlex
from pathlib import Path

import filelock
import pytest
from tests.experiments.sweeping import FINISHED
from tests.training.synthetic import BATCH, dataset, network

from prodsumnet import data, models
from prodsumnet.experiments import Recipe, load_recipe, recipe_names
from prodsumnet.experiments.jobs import Job, execute, finished, tidy
from prodsumnet.experiments.record import Record

RECIPE = Recipe().overlaid(
    {"budget": 70, "training": {"epochs": 2, "batch_size": BATCH, "augmentation": None}}
)


@pytest.fixture
def job(monkeypatch, tmp_path):
    monkeypatch.setattr(models, "build", lambda *choices: network())
    monkeypatch.setattr(data, "load", lambda name: dataset())
    return Job("a job", RECIPE, tmp_path / RECIPE.digest())


def names(job):
    return {path.name for path in job.folder.iterdir()}


def test_a_job_is_done_once_and_leaves_its_result(job):
    seen = []
    record = execute(job, lambda *told: seen.append(told))
    assert finished(job) == record
    assert (record.recipe, record.command) == (RECIPE, job.command)
    assert names(job) == FINISHED
    assert seen[-1] == (job, 2.0)
    assert [epochs for _, epochs in seen] == sorted(epochs for _, epochs in seen)
    stamp = (job.folder / "record.json").stat().st_mtime_ns
    assert execute(job, lambda *told: pytest.fail("it is repeated")) == record
    assert (job.folder / "record.json").stat().st_mtime_ns == stamp


def test_a_job_that_died_before_its_record_goes_on_to_the_same(job, monkeypatch, tmp_path):
    whole = execute(Job("another", RECIPE, tmp_path / "whole"))
    with monkeypatch.context() as patch:
        patch.setattr(Record, "write", lambda *_: (_ for _ in ()).throw(MemoryError))
        with pytest.raises(MemoryError):
            execute(job)
    assert names(job) == {*FINISHED, "state.safetensors", ".lock"} - {"record.json"}
    assert finished(job) is None
    (job.folder / ".0123456789abcdef.partial").write_bytes(b"half")
    steps = []
    record = execute(job, lambda _, epochs: steps.append(epochs))
    assert steps == []
    exclude = {"seconds", "finished"}
    assert record.model_dump(exclude=exclude) == whole.model_dump(exclude=exclude)
    assert names(job) == FINISHED


def test_one_process_at_a_time(job):
    job.folder.mkdir()
    with filelock.FileLock(job.folder / ".lock"):
        with pytest.raises(filelock.Timeout):
            execute(job, wait=False)
        assert names(job) == {".lock"}
    execute(job, wait=False)
    assert names(job) == FINISHED


def test_what_was_killed_after_its_record_is_tidied_and_what_is_at_work_is_not(job):
    execute(job)
    for name in (".lock", ".ff.partial", "state.safetensors"):
        (job.folder / name).touch()
    with filelock.FileLock(job.folder / ".lock"):
        tidy(job)
        assert names(job) == {*FINISHED, ".lock", ".ff.partial", "state.safetensors"}
    tidy(job)
    assert names(job) == FINISHED


def test_the_record_of_another_recipe_is_not_taken(job):
    execute(job)
    other = Job("other", RECIPE.overlaid({"seed": 9}), job.folder)
    for look in (finished, execute):
        with pytest.raises(ValueError, match=r"record\.json is the record of another recipe"):
            look(other)
    (job.folder / "record.json").write_text("{}")
    with pytest.raises(ValueError, match=r"record\.json is not a record"):
        execute(job)


@pytest.mark.parametrize("name", recipe_names())
def test_the_command_repeats_the_recipe(name):
    recipe = load_recipe(name).overlaid({"seed": 3, "options": {"x": "y"}})
    program, command, text = shlex.split(Job("", recipe, Path()).command)
    assert (program, command) == ("prodsumnet", "train")
    assert load_recipe(text) == recipe


def test_the_command_of_the_default_recipe():
    assert Job("", Recipe(), Path()).command == "prodsumnet train '{}'"
