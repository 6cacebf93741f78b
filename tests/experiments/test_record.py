"""Records: written whole, read strictly."""

import json

import pytest
import torch
from tests.experiments.test_summary import record

from prodsumnet.experiments import Record, read_record
from prodsumnet.experiments.record import surroundings


def test_round_trip(tmp_path):
    first = record(3, 0.9876543210123456)
    path = tmp_path / "deep" / "record.json"
    first.write(path)
    assert read_record(path) == first
    assert path.read_text().endswith("\n")
    assert json.loads(path.read_text())["test_accuracy"] == 0.9876543210123456


def test_an_old_record_with_its_history_is_read(tmp_path):
    values = record(3, 0.9).model_dump(mode="json")
    values["history"] = [{"epoch": 1.0, "loss": 0.3, "validation_accuracy": 0.98}]
    (tmp_path / "record.json").write_text(json.dumps(values))
    assert read_record(tmp_path / "record.json").history[0]["epoch"] == 1.0


@pytest.mark.parametrize(
    "changes",
    [{"test_accuracy": "0.9"}, {"test_accuracy": float("nan")}, {"more": 1}, {"recipe": {"a": 1}}],
)
def test_what_is_no_record_is_refused(changes, tmp_path):
    path = tmp_path / "record.json"
    path.write_text(json.dumps({**record(0, 0.9).model_dump(mode="json"), **changes}))
    with pytest.raises(ValueError, match=r"record\.json is not a record of a run"):
        read_record(path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_what_is_no_json_is_refused(content, tmp_path):
    path = tmp_path / "record.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"record\.json is not a record of a run"):
        read_record(path)


def test_every_field_is_needed_but_the_later_ones(tmp_path):
    values = record(0, 0.9).model_dump(mode="json")
    needed = {name for name, field in Record.model_fields.items() if field.is_required()}
    assert set(values) - needed == {"operators", "confusion", "processes"}
    for name in needed:
        path = tmp_path / "record.json"
        path.write_text(json.dumps({k: v for k, v in values.items() if k != name}))
        with pytest.raises(ValueError, match="is not a record"):
            read_record(path)


def test_surroundings():
    found = surroundings()
    assert found["threads"] == torch.get_num_threads()
    assert found["versions"]["torch"] == torch.__version__
    assert {"prodsumnet", "numpy", "safetensors", "python", "machine"} <= set(found["versions"])
    assert found["finished"].endswith("+00:00")
