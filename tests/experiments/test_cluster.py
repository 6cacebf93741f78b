"""A real scheduler and two worker processes, one of which is killed in the middle."""

import json
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest
from tests.experiments.sweeping import (
    FINISHED,
    ROOT,
    finish,
    left,
    results,
    specification,
    start,
    undisturbed,
    until,
)
from tests.training.synthetic import dataset, network

from prodsumnet import data, models
from prodsumnet.experiments import cluster, expand, load_frontier, read_record
from prodsumnet.experiments.jobs import execute

dask = pytest.importorskip("dask", reason="needs the extra 'cluster'")
distributed = pytest.importorskip("distributed", reason="needs the extra 'cluster'")


def test_a_killed_worker_costs_nothing(tmp_path, monkeypatch):
    path = specification(tmp_path, 6, 2)
    expected = undisturbed(monkeypatch, path, tmp_path / "whole")
    started, file, out = tmp_path / "started", tmp_path / "scheduler.json", tmp_path / "out"
    started.mkdir()
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "SLEEP": "0.05", "STARTED": str(started)}
    common = ["--scheduler-file", str(file), "--no-dashboard", "--host", "127.0.0.1"]
    worker = [*common, "--no-nanny", "--nthreads", "1", "--preload", "tests.experiments.sweeper"]
    processes = []

    def launch(*words):
        command = [sys.executable, "-m", f"distributed.cli.{words[0]}", *words[1:]]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
        processes.append(process)
        return process

    try:
        scheduler = launch("dask_scheduler", *common, "--port", "0")
        until(file.is_file, scheduler)
        pids = {launch("dask_worker", *worker, "--local-directory", tmp_path).pid for _ in range(2)}
        address = json.loads(file.read_text())["address"]
        driver = start(path, out, "--scheduler", address)
        until(lambda: any(out.glob("*/state.safetensors")), driver)
        pid = int(next(started.iterdir()).name)
        assert pid in pids
        os.kill(pid, signal.SIGKILL)
        finish(driver)
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert results(out) == expected
    assert len(results(out)) == 2
    assert left(out) == FINISHED


@pytest.fixture
def job(monkeypatch, tmp_path):
    monkeypatch.setattr(models, "build", lambda *choices: network())
    monkeypatch.setattr(data, "load", lambda name: dataset())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = specification(tmp_path, 2, 1)
    (job,), _ = expand(load_frontier(str(path)), tmp_path / "out")
    return job


def test_a_worker_without_the_folder_sends_what_it_found(job, monkeypatch, tmp_path):
    events = []
    worker = SimpleNamespace(
        state=SimpleNamespace(nthreads=1), log_event=lambda *event: events.append(event)
    )
    monkeypatch.setattr(distributed, "get_worker", lambda: worker)
    files = cluster._train(job)
    assert not job.folder.exists()
    assert list((tmp_path / "cache/prodsumnet/runs").iterdir()) == []
    assert [message for _, message in events] == [[str(job.folder), 1], [str(job.folder), 2]]
    future = SimpleNamespace(result=lambda: files)
    assert cluster._received(job, future) is None
    assert left(tmp_path / "out") == {"model.safetensors", "record.json"}
    found = read_record(job.folder / "record.json")
    assert execute(job, lambda *_: pytest.fail("it is repeated")) == found


def test_a_lost_job_is_a_failure(job):
    def result():
        raise distributed.client.FutureCancelledError("key", "scheduler-connection-lost")

    reason = cluster._received(job, SimpleNamespace(result=result))
    assert "FutureCancelledError" in reason
    assert "scheduler-connection-lost" in reason


def test_a_scheduler_that_is_none(job, monkeypatch):
    monkeypatch.setitem(dask.config.config["distributed"]["comm"]["timeouts"], "connect", "0.1s")
    with pytest.raises(OSError, match=r"127\.0\.0\.1"):
        list(cluster.train_on_cluster([job], "tcp://127.0.0.1:1", lambda *_: None))
