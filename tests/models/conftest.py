"""Tests of this folder are seeded as those of the layers are."""

from tests.nn.conftest import seeded

__all__ = ["seeded"]
