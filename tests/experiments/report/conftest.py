"""Runs to report."""

import pytest
from tests.experiments.report.runs import write_runs


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    return write_runs(tmp_path_factory.mktemp("runs"))
