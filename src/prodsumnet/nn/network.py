"""A chain of layers that knows its input and can be written down as plain JSON."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from prodsumnet.nn.convolution import Conv2d
from prodsumnet.nn.layers import MAX_AXES, build_layer, layer_name, own_tensors, read_layer
from prodsumnet.nn.pooling import pools, suits
from prodsumnet.numerics import checks
from prodsumnet.operators import LinearOperator, decode, encode

FORMAT = "prodsumnet-network"
VERSION = 1
MAX_LAYERS = 1000
MAX_NUMBERS = 2**28


class Network(nn.Sequential):
    """Layers one after the other, from inputs of a known shape.

    Parameters
    ----------
    *layers : Module
        Layers of the kinds in `prodsumnet.nn.layers.LAYERS`.
    input_shape : sequence of int
        Shape of one input, without the batch.

    Raises
    ------
    TypeError
        If a layer is of another kind.
    ValueError
        If there is no layer, a layer that holds numbers stands in the chain twice, or a size is not
        positive.
    """

    def __init__(self, *layers: nn.Module, input_shape: Sequence[int]) -> None:
        if not layers:
            raise ValueError("a network needs at least one layer, got none")
        holding = [layer for layer in layers if layer_name(layer) and own_tensors(layer)]
        if len(set(holding)) < len(holding):
            raise ValueError(
                "a layer that holds numbers stands in the network twice; "
                "let two layers share an operator instead"
            )
        shape = checks.int_sequence("input_shape", input_shape)
        if not 0 < len(shape) <= MAX_AXES or 0 in shape:
            raise ValueError(
                f"input_shape must be 1 to {MAX_AXES} positive integers, got {checks.show(shape)}"
            )
        super().__init__(*layers)
        self.input_shape = shape

    def __getitem__(self, index: int | slice) -> Any:
        """Return a layer, or a slice of the chain as a plain `torch.nn.Sequential`."""
        return nn.Sequential(*list(self)[index]) if isinstance(index, slice) else list(self)[index]

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Apply the layers in turn; convolution, pooling and ReLU at once, where that pays."""
        x, layers, position = input, list(self), 0
        while position < len(layers):
            layer = layers[position]
            if isinstance(layer, Conv2d) and suits(x) and pools(layers, position):
                x = layer.pooled_relu(x)
                position += 3
            else:
                x = layer(x)
                position += 1
        return x

    def spec(self) -> dict[str, Any]:
        """Return the network as plain JSON: its layers, and one graph of all their operators.

        A factor that several layers use is one node of the graph. The inverse is `from_spec`.
        """
        operators: list[LinearOperator] = []
        layers = []
        for layer in self:
            node: dict[str, Any] = {"layer": layer_name(layer)}
            for keyword, value in read_layer(layer).items():
                if isinstance(value, LinearOperator):
                    operators.append(value)
                    value = {"operator": len(operators) - 1}
                node[keyword] = list(value) if isinstance(value, tuple) else value
            layers.append(node)
        return {
            "format": FORMAT,
            "version": VERSION,
            "input_shape": list(self.input_shape),
            "layers": layers,
            "operators": encode(operators) if operators else None,
        }

    @staticmethod
    def from_spec(
        spec: Any, device: torch.device | str | None = None, max_numbers: int = MAX_NUMBERS
    ) -> "Network":
        """Build the network of a spec, validated before anything large is allocated.

        Parameters
        ----------
        spec : dict
            As returned by `spec`.
        device : torch.device or str, optional
            Where the numbers go.
        max_numbers : int, optional
            Refuse a network that holds more numbers, seeded ones included.

        Raises
        ------
        ValueError
            If the spec is malformed or too large, or its layers do not fit together; the message
            names the layer or the node.
        """
        layers, shape = _validated(spec)
        graph = spec.get("operators")

        def build(place: torch.device | str | None) -> tuple[list[nn.Module], list[LinearOperator]]:
            operators = [] if graph is None else decode(graph, None, place, max_numbers)
            return _build(layers, operators, place), operators

        _check_numbers(*build("meta"), max_numbers)
        network = Network(*build(device)[0], input_shape=shape)
        _check_fit(network)
        return network


def _validated(spec: Any) -> tuple[list[dict[str, Any]], tuple[int, ...]]:
    if not isinstance(spec, dict) or spec.get("format") != FORMAT:
        raise ValueError(
            f"a network's spec is an object with 'format': {FORMAT!r}, got {checks.show(spec)}"
        )
    version, layers, shape = spec.get("version"), spec.get("layers"), spec.get("input_shape")
    if type(version) is not int or version != VERSION:
        raise ValueError(f"network version {VERSION} expected, got {checks.show(version)}")
    if not isinstance(layers, list) or not all(isinstance(layer, dict) for layer in layers):
        raise ValueError(
            f"'layers' of a network's spec must be a list of objects, got {checks.show(layers)}"
        )
    if not 0 < len(layers) <= MAX_LAYERS:
        raise ValueError(f"a network has 1 to {MAX_LAYERS} layers, got {len(layers)}")
    if not isinstance(shape, list) or not 0 < len(shape) <= MAX_AXES:
        raise ValueError(
            f"'input_shape' must be a list of 1 to {MAX_AXES} integers, got {checks.show(shape)}"
        )
    try:
        sizes = checks.size_tuple("input_shape", shape, len(shape))
    except TypeError as error:
        raise ValueError(str(error)) from error
    return layers, sizes


def _build(
    layers: list[dict[str, Any]], operators: list[LinearOperator], device: torch.device | str | None
) -> list[nn.Module]:
    built = []
    for position, node in enumerate(layers):
        try:
            values = {k: _value(v, operators) for k, v in node.items() if k != "layer"}
            built.append(build_layer(node.get("layer"), values, device))
        except ValueError as error:
            raise ValueError(f"layer {position}: {error}") from error
    return built


def _value(value: Any, operators: list[LinearOperator]) -> Any:
    if isinstance(value, dict):
        position = value.get("operator")
        if len(value) != 1 or type(position) is not int or not 0 <= position < len(operators):
            raise ValueError(f"expected a reference to an operator, got {checks.show(value)}")
        return operators[position]
    return tuple(value) if isinstance(value, list) else value


def _check_numbers(
    layers: list[nn.Module], operators: list[LinearOperator], max_numbers: int
) -> None:
    modules: list[nn.Module] = [*layers, *operators]
    tensors = {id(t): t.numel() for m in modules for t in (*m.parameters(), *m.buffers())}
    if sum(tensors.values()) > max_numbers:
        raise ValueError(
            f"the network holds {sum(tensors.values())} numbers, at most {max_numbers} are allowed"
        )


@torch.no_grad()
def _check_fit(network: Network) -> None:
    """Send an empty batch through a network, which costs next to nothing."""
    first = next(network.parameters(), torch.empty(0))
    if first.is_meta:
        return
    x = torch.empty(0, *network.input_shape, dtype=first.dtype, device=first.device)
    training = network.training
    network.eval()
    for position, layer in enumerate(network):
        try:
            x = layer(x)
        except (RuntimeError, ValueError, TypeError) as error:
            raise ValueError(
                f"layer {position} does not fit the output {tuple(x.shape[1:])} before it: {error}"
            ) from error
    network.train(training)
