"""Calls of the command line inside this process."""

import errno
import os
from collections.abc import Callable
from typing import NamedTuple

import pytest
from tests.training.synthetic import dataset, network

from prodsumnet import cli, data, models


class Call(NamedTuple):
    """How a call of the command line ended, and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def call(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path
) -> Callable[..., Call]:
    """Run the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Call:
        with pytest.raises(SystemExit) as end:
            cli.main([str(argument) for argument in arguments])
        return Call(end.value.code, *capsys.readouterr())

    return call


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch):
    """A small problem in the place of the real one; returns what was asked for."""
    asked = []

    def build(name, budget=None, seed=0, family=None, options=None):
        asked.append((name, budget, seed, family))
        return network(seed)

    monkeypatch.setattr(models, "build", build)
    monkeypatch.setattr(data, "load", lambda name: asked.append(name) or dataset())
    return asked


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no byte reach the disk."""

    def fail(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", fail)
