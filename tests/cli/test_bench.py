"""``prodsumnet bench``: the table, the selections and the errors."""

import json

import pytest

from prodsumnet.experiments.benchmark import machine, runner

SMALL = ["bench", "--family", "diagonal", "--size", "8", "--batch", "1", "--seconds", "0.0001"]


@pytest.fixture(autouse=True)
def small_machine(monkeypatch):
    monkeypatch.setattr(machine, "_GEMM", 64)
    monkeypatch.setattr(machine, "last_cache", lambda: 2**16)


def test_a_line_and_its_record(call, tmp_path):
    result = call(*SMALL, "--out", "here")
    assert result.code == 0
    assert "| diagonal | 8 | 1 | forward |" in result.out
    assert result.out.endswith("here/1-thread-hot\n")
    assert "0 of 1 done, diagonal-8-1" in result.err
    record = json.loads((tmp_path / "here/1-thread-hot/lines/diagonal-8-1.json").read_text())
    assert record["command"].startswith("prodsumnet bench --family diagonal")
    assert record["seconds"] == 0.0001


def test_an_interruption_says_how_to_go_on(call, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "measure", interrupted)
    result = call(*SMALL)
    assert result.code == 130
    assert result.err.splitlines()[-1] == "prodsumnet: interrupted; the same command goes on"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("bench --family none", "unknown family 'none', expected one of acdc"),
        ("bench --case none", "unknown case 'none', expected one of kronecker-sum-4"),
        ("bench --case hadamard --size 0", "size must lie between 1 and 16384, got 0"),
        ("bench --threads 0", "threads must lie between 1 and 1024, got 0"),
        ("bench --seconds 0", "seconds must lie between 0 and 60, got 0.0"),
        ("bench --case hadamard --size 6 --batch 1", "power of two"),
    ],
)
def test_mistakes(call, line, words):
    result = call(*line.split())
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines()[-1].startswith("prodsumnet: ")
    assert words in result.err.splitlines()[-1]
