"""Networks by name."""

from prodsumnet.models.cellular import cellular_network
from prodsumnet.models.circulant import circulant_cnn
from prodsumnet.models.decomposed import decomposed_cnn
from prodsumnet.models.diffractive import diffractive_network
from prodsumnet.models.displacement import displacement_network
from prodsumnet.models.fastfood import deep_fried_cnn
from prodsumnet.models.hidden_layer import hidden_layer_network
from prodsumnet.models.plain import plain_cnn
from prodsumnet.models.reference import reference_cnn
from prodsumnet.models.registry import build, names
from prodsumnet.models.table import table_network
from prodsumnet.models.tied import tied_cnn
from prodsumnet.models.transform import transform_network

__all__ = [
    "build",
    "cellular_network",
    "circulant_cnn",
    "decomposed_cnn",
    "deep_fried_cnn",
    "diffractive_network",
    "displacement_network",
    "hidden_layer_network",
    "names",
    "plain_cnn",
    "reference_cnn",
    "table_network",
    "tied_cnn",
    "transform_network",
]
