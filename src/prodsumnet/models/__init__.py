"""Networks by name."""

from prodsumnet.models.decomposed import decomposed_cnn
from prodsumnet.models.reference import reference_cnn
from prodsumnet.models.registry import build, names

__all__ = ["build", "decomposed_cnn", "names", "reference_cnn"]
