"""Families fitted to real matrices."""

import json

import pytest
import torch

from prodsumnet import families
from prodsumnet.experiments import FamilyFits, fit_families, fitting


def test_every_family_is_fitted_or_says_why_not(tmp_path, monkeypatch):
    target = torch.randn(6, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    monkeypatch.setitem(fitting.MATRICES, "digits", lambda: target)
    record = fit_families("digits", [0.5], 1, "command")
    assert {row.family for row in record.rows} | {
        name.split()[0] for name in record.skipped
    } == set(families.names())
    assert len(record.rows) > 30
    assert all(row.error <= 1.5 and row.trainable <= 24 for row in record.rows)
    best = torch.linalg.svdvals(target)
    (row,) = (row for row in record.rows if row.family == "low-rank")
    assert row.error == pytest.approx((best[1:].norm() / best.norm()).item())
    record.write(tmp_path / "record.json")
    assert FamilyFits(**json.loads((tmp_path / "record.json").read_text())) == record


def test_real_matrices_are_as_described():
    shapes = {name: tuple(make().shape) for name, make in fitting.MATRICES.items()}
    assert shapes == {
        "fashion-convolution": (31, 279),
        "mnist-convolution": (31, 279),
        "mnist-linear": (10, 1024),
        "digits": (64, 196),
        "mosaic": (56, 56),
    }
    assert all(make().std() > 0 for make in fitting.MATRICES.values())


def test_refusals():
    with pytest.raises(ValueError, match="matrix must be one of fashion-convolution"):
        fit_families("identity", [0.5], 1, "")
    with pytest.raises(ValueError, match=r"share must lie in \(0, 1\], got 2"):
        fit_families("mosaic", [2], 1, "")
