"""Drop-in layers whose weights are operators, networks of them, and counting."""

from prodsumnet.nn.bias import Bias
from prodsumnet.nn.cellular import Cellular
from prodsumnet.nn.convolution import Conv1d, Conv2d, Conv3d
from prodsumnet.nn.counting import Count, count, stored_tensors
from prodsumnet.nn.detection import DetectorRegions, Intensity
from prodsumnet.nn.linear import Linear
from prodsumnet.nn.network import Network
from prodsumnet.nn.scale import Scale
from prodsumnet.nn.structured import Structured

__all__ = [
    "Bias",
    "Cellular",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "Count",
    "DetectorRegions",
    "Intensity",
    "Linear",
    "Network",
    "Scale",
    "Structured",
    "count",
    "stored_tensors",
]
