"""``prodsumnet fit``: the record of every family, and mistakes in one line."""

import json
from pathlib import Path

import pytest
import torch

from prodsumnet import families
from prodsumnet.experiments import fitting

TARGET = torch.randn(12, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.fixture(autouse=True)
def matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small matrix in the place of a real one."""
    monkeypatch.setitem(fitting.MATRICES, "mosaic", lambda: TARGET)


def test_families_are_fitted_and_recorded(call):
    options = ("--share", 0.2, "--share", 0.5, "--iterations", 0)
    code, out, err = call("fit", "mosaic", "fits.json", *options)
    record = json.loads(Path("fits.json").read_text())
    assert (code, err) == (0, "")
    assert record["command"] == "prodsumnet fit mosaic fits.json " + " ".join(map(str, options))
    assert (record["matrix"], record["shape"]) == ("mosaic", [12, 16])
    # Nothing is left out without a reason.
    seen = {row["family"] for row in record["rows"]}
    assert seen | {name.split()[0] for name in record["skipped"]} == set(families.names())
    rows = {row["trainable"]: row for row in record["rows"] if row["family"] == "low-rank"}
    assert sorted(rows) == [28, 84]
    values = torch.linalg.svdvals(TARGET).square()
    for trainable, row in rows.items():
        best = (values[trainable // 28 :].sum() / values.sum()).sqrt().item()
        assert row["error"] == pytest.approx(best)
        assert f"low-rank of {trainable}: {best:.4f} (low-rank)" in out
    assert len(out.splitlines()) == len(record["rows"])


MISTAKES = {
    "matrix": (("picture", "fits.json"), "'picture'"),
    "share": (("mosaic", "fits.json", "--share", 2), "a share must lie in (0, 1], got 2"),
    "iterations": (("mosaic", "fits.json", "--iterations", -1), "max_iterations"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_mistakes_are_one_line(case, call):
    arguments, message = MISTAKES[case]
    code, out, err = call("fit", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert not Path("fits.json").exists()
