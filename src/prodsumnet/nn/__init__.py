"""Drop-in layers whose weights are operators, networks of them, and counting."""

from prodsumnet.nn.bias import Bias
from prodsumnet.nn.convolution import Conv2d
from prodsumnet.nn.counting import Count, count, stored_tensors
from prodsumnet.nn.linear import Linear
from prodsumnet.nn.network import Network
from prodsumnet.nn.scale import Scale

__all__ = ["Bias", "Conv2d", "Count", "Linear", "Network", "Scale", "count", "stored_tensors"]
