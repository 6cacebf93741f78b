"""What a person sees of a run."""

import sys

import pytest
from tests.training.synthetic import BATCH, dataset, network

from prodsumnet.experiments import training_bar
from prodsumnet.training import Trainer, Training

SETTINGS = Training(epochs=3, batch_size=BATCH, augmentation=None)


def train(state=None, resume=False, stop=None):
    trainer = Trainer(network(), SETTINGS, 0, state)
    with training_bar(SETTINGS.epochs) as bar:

        def progress(done, total, last):
            bar(done, total, last)
            if done == stop:
                raise KeyboardInterrupt

        trainer.fit(dataset(), progress, resume)
    return trainer.history


def line(epoch):
    return (
        f"epoch {epoch.epoch} of 3: loss {epoch.loss:.4f}, "
        f"validation {epoch.validation_accuracy:.2%}"
    )


def test_without_a_terminal_a_line_an_epoch_the_last_included(capsys):
    history = train()
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [line(epoch) for epoch in history]
    assert len(history) == 3


def test_a_line_comes_when_its_epoch_ends_and_once(capsys, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "state", stop=15)
    before = capsys.readouterr().err.splitlines()
    history = train(tmp_path / "state", resume=True)
    after = capsys.readouterr().err.splitlines()
    assert before == [line(history[0])]
    assert after == [line(epoch) for epoch in history[1:]]


def test_on_a_terminal_a_bar_with_the_time_left(capsys, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    history = train()
    err = capsys.readouterr().err
    assert "epoch 3 of 3, validation" in err
    assert f"{history[-1].validation_accuracy:.2%}" in err
    assert "100%" in err
    assert "elapsed" in err
    assert "left" in err
    assert "loss" not in err
