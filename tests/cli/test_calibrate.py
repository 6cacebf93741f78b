"""``prodsumnet calibrate``: a file where the planner looks, and mistakes in one line."""

import json

import pytest
import torch

from prodsumnet import operators as ops
from prodsumnet.evaluation import rates
from prodsumnet.experiments import calibration


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """A few small operators in the place of the families', and one thread afterwards as before."""
    monkeypatch.setattr(calibration, "examples", lambda *_: iter([ops.Dense(8, 8)]))
    monkeypatch.setenv(rates.VARIABLE, str(tmp_path / "rates"))
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def test_rates_are_written_where_they_are_read(call, tmp_path):
    code, out, err = call("calibrate", "--threads", 1, "--dtype", "float64")
    path = tmp_path / "rates" / "cpu-float64-1.json"
    assert (code, out.strip(), err) == (0, str(path), "")
    content = json.loads(path.read_text())
    assert (content["dtype"], content["threads"]) == ("float64", 1)
    assert rates.rates(torch.device("cpu"), torch.float64, 1).label == "cpu-float64-1"


def test_rates_are_written_into_a_folder(call, tmp_path):
    code, _, _ = call("calibrate", "--threads", 1, "--out", "elsewhere")
    assert code == 0
    assert (tmp_path / "elsewhere" / "cpu-float32-1.json").is_file()
    assert not (tmp_path / "rates").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--dtype", "int8"), "int8"),
        (("--device", "nowhere"), "nowhere"),
        (("--threads", 0), "got 0"),
    ],
)
def test_mistakes_are_told(call, options, told):
    code, out, err = call("calibrate", *options)
    assert code == 2
    assert out == ""
    assert told in err
    assert "Traceback" not in err
