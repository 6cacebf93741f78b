"""Cellular networks: classic templates on little pictures, and every Euler step by hand."""

import json
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from tests.nn.support import KINDS, dense_bias, make_bias, randomize

from prodsumnet import nn as psn
from prodsumnet import operators as ops
from prodsumnet.nn import Network, count

DOUBLE = {"dtype": torch.float64}
BOUNDARIES = (0.0, -1.0, 0.7, "circular", "replicate")


def picture(text: str) -> torch.Tensor:
    """One channel of a picture: '#' is black, +1, and '.' is white, -1."""
    rows = [[1.0 if cell == "#" else -1.0 for cell in row] for row in text.split()]
    return torch.tensor(rows, dtype=torch.float64)[None]


def drawn(image: torch.Tensor) -> list[str]:
    return ["".join("#" if cell > 0 else "." for cell in row) for row in image[0].tolist()]


def templates(rows: list[list[float]]) -> ops.LinearOperator:
    return ops.Constant.of(torch.tensor(rows, dtype=torch.float64).reshape(1, 9))


def classic(a: list, b: list, threshold: float, **options) -> psn.Cellular:
    """A network of the template library, with one channel."""
    layer = psn.Cellular(1, 1, templates(a), templates(b), **DOUBLE, **options)
    torch.nn.init.constant_(layer.bias, threshold)
    return layer


def centre(value: float, around: float = 0.0, cross: float | None = None) -> list[list[float]]:
    cross = around if cross is None else cross
    return [[around, cross, around], [cross, value, cross], [around, cross, around]]


FIGURE = """
    ..........
    .#######..
    .#######..
    .#######..
    .###......
    .###...##.
    .###...##.
    .......#..
    .#........
    ..........
"""

# Black cells with a white cell among their eight neighbours.
EDGES = """
    ..........
    .#######..
    .#.....#..
    .#.#####..
    .#.#......
    .#.#...##.
    .###...##.
    .......#..
    .#........
    ..........
"""

# Black cells with at most three black cells among their eight neighbours.
CORNERS = """
    ..........
    .#.....#..
    ..........
    .......#..
    ..........
    .......##.
    .#.#......
    .......#..
    .#........
    ..........
"""

RINGS = """
    .........
    .#####...
    .#...#...
    .#.#.####
    .#...#..#
    .###.#..#
    .....#..#
    .##.#####
    #..#.....
    .##......
"""

# The left ring is open at its foot. The other two are closed: what flows in through the four
# neighbours of a cell does not pass diagonally.
FILLED = """
    .........
    .#####...
    .#...#...
    .#.#.####
    .#...####
    .###.####
    .....####
    .##.#####
    ####.....
    .##......
"""

CLASSICS = [
    # The template library of Roska & Chua: EDGE, CORNER (CornerDetection) and HOLE (HoleFilling).
    pytest.param(
        (centre(0), centre(8, -1), -1, {"boundary": -1}), FIGURE, EDGES, id="edges, no feedback"
    ),
    pytest.param(
        (centre(1), centre(8, -1), -1, {"boundary": -1}), FIGURE, EDGES, id="edges, feedback"
    ),
    pytest.param((centre(1), centre(4, -1), -5, {"boundary": -1}), FIGURE, CORNERS, id="corners"),
    pytest.param((centre(2), centre(4, -1), -5, {"boundary": -1}), FIGURE, CORNERS, id="corners 2"),
    pytest.param(
        (centre(3, 0, 1), centre(4), -1, {"boundary": -1, "initial": 1.0}),
        RINGS,
        FILLED,
        id="holes",
    ),
]


@pytest.mark.parametrize(("network", "image", "expected"), CLASSICS)
def test_classic_templates(network: tuple, image: str, expected: str) -> None:
    a, b, threshold, options = network
    u = picture(image)
    for step in (0.1, 0.5):
        layer = classic(a, b, threshold, step=step, iterations=500, **options)
        y = layer(u)
        assert drawn(y) == expected.split()
        # Settled: outputs are black and white through and through, and states stay as they are.
        torch.testing.assert_close(y.abs(), torch.ones_like(y))
        layer.returns = "state"
        x = layer(u)
        layer.iterations += 1
        torch.testing.assert_close(layer(u), x)
        assert torch.equal(x.sign(), y.sign())


def test_states_settle_where_the_equation_says() -> None:
    """Without feedback the state is the drive; at saturation it is ``a sign(w) + w``."""
    u = picture(FIGURE)
    drive = classic(centre(0), centre(8, -1), -1, boundary=-1, step=1, iterations=1)
    drive.returns = "state"
    w = drive(u)
    layer = classic(centre(1), centre(8, -1), -1, boundary=-1, iterations=300)
    layer.returns = "state"
    torch.testing.assert_close(layer(u), w + w.sign())


def output(x: np.ndarray) -> np.ndarray:
    return (np.abs(x + 1) - np.abs(x - 1)) / 2


def neighbour(cells: np.ndarray, row: int, column: int, boundary: float | str) -> float:
    """A cell of a channel, or what lies around the grid."""
    rows, columns = cells.shape
    if boundary == "circular":
        return cells[row % rows, column % columns]
    if boundary == "replicate":
        return cells[min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)]
    inside = 0 <= row < rows and 0 <= column < columns
    return cells[row, column] if inside else boundary


def weighted(
    cells: np.ndarray, kernels: np.ndarray, row: int, column: int, boundary: float | str
) -> float:
    """The weighted sum of a cell's neighbourhood, over channels."""
    total = 0.0
    for channel, kernel in enumerate(kernels):
        height, width = kernel.shape
        for k in range(height):
            for m in range(width):
                at = row + k - height // 2, column + m - width // 2
                total += kernel[k, m] * neighbour(cells[channel], *at, boundary)
    return total


def euler(layer: psn.Cellular, u: np.ndarray) -> list[np.ndarray]:
    """The states of one picture after every step, cell by cell."""
    shape = (-1, *layer.kernel_size)
    a = layer.feedback.to_dense().detach().numpy().reshape(layer.channels, *shape)
    b = layer.control.to_dense().detach().numpy().reshape(layer.channels, *shape)
    bias = dense_bias(layer)
    z = np.zeros(layer.channels) if bias is None else bias.detach().numpy()
    per_group = layer.channels // layer.groups
    start = u if layer.initial == "input" else layer.initial
    x = np.broadcast_to(start, (layer.channels, *u.shape[1:])).copy()
    states = []
    for _ in range(layer.iterations):
        y, change = output(x), np.empty_like(x)
        for channel in range(layer.channels):
            group = channel // per_group
            outputs = np.split(y, layer.groups)[group]
            inputs = np.split(u, layer.groups)[group]
            for row in range(u.shape[1]):
                for column in range(u.shape[2]):
                    at = row, column, layer.boundary
                    change[(channel, row, column)] = (
                        -x[channel, row, column]
                        + weighted(outputs, a[channel], *at)
                        + weighted(inputs, b[channel], *at)
                        + z[channel]
                    )
        x = x + layer.step * change
        states.append(x)
    return states


SHAPES = [
    {"in_channels": 1, "channels": 1},
    {"in_channels": 2, "channels": 3, "kernel_size": (3, 1)},
    {"in_channels": 2, "channels": 2, "groups": 2},
    {"in_channels": 2, "channels": 4, "groups": 2, "kernel_size": (1, 5)},
    {"in_channels": 1, "channels": 2, "kernel_size": 1, "bias": False},
]


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("sizes", SHAPES, ids=str)
@pytest.mark.parametrize("initial", [0.0, -0.4, "input"])
def test_every_step_is_eulers(sizes: dict, boundary: float | str, initial: float | str) -> None:
    if initial == "input" and sizes["in_channels"] != sizes["channels"]:
        initial = 2.5
    layer = psn.Cellular(**sizes, step=0.3, boundary=boundary, initial=initial, **DOUBLE)
    randomize(layer)
    u = torch.randn(2, layer.in_channels, 4, 5, **DOUBLE)
    layer.iterations = 4
    expected = [euler(layer, picture.numpy()) for picture in u]
    for step in range(4):
        layer.iterations = step + 1
        states = torch.stack([torch.from_numpy(states[step]) for states in expected])
        layer.returns = "state"
        torch.testing.assert_close(layer(u), states, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(layer(u[1]), states[1], rtol=1e-12, atol=1e-12)
        layer.returns = "output"
        outputs = torch.from_numpy(output(states.numpy()))
        torch.testing.assert_close(layer(u), outputs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("bias", KINDS)
@pytest.mark.parametrize("name", ["low-rank", "kron", "signs"])
def test_templates_may_be_any_operators(name: str, bias: str) -> None:
    feedback, control = {
        "low-rank": (ops.LowRank(2, 18, 1, **DOUBLE), ops.LowRank(2, 27, 1, **DOUBLE)),
        "kron": (
            ops.kron(
                ops.Dense(2, 2, **DOUBLE), ops.Dense(1, 3, **DOUBLE), ops.Dense(1, 3, **DOUBLE)
            ),
            ops.kron(ops.Dense(2, 9, **DOUBLE), ops.Dense(1, 3, **DOUBLE)),
        ),
        "signs": (ops.RandomSigns(2, 18), ops.RandomSigns(2, 27)),
    }[name]
    layer = psn.Cellular(
        3, 2, feedback, control, bias=make_bias(bias, 2), iterations=3, step=0.1, **DOUBLE
    )
    randomize(layer)
    assert layer.feedback is feedback
    u = torch.randn(3, 4, 4, **DOUBLE)
    states = torch.from_numpy(euler(layer, u.numpy())[-1])
    torch.testing.assert_close(layer(u), states.clamp(-1, 1))
    numbers = list(layer.parameters())
    if numbers:
        layer(u[None].expand(2, -1, -1, -1)).square().sum().backward()
    for number in numbers:
        assert number.grad is not None
        assert number.grad.any()


def test_gradients() -> None:
    layer = psn.Cellular(1, 2, step=0.2, iterations=5, returns="state", **DOUBLE)
    randomize(layer)
    layer.reset_parameters(0.3)
    names = [name for name, _ in layer.named_parameters()]
    u = torch.randn(1, 1, 3, 3, **DOUBLE).requires_grad_()

    def run(u: torch.Tensor, *numbers: torch.Tensor) -> torch.Tensor:
        given = dict(zip(names, numbers, strict=True))
        return torch.func.functional_call(layer, given, (u,))

    assert names == ["bias", "feedback.weight", "control.weight"]
    assert torch.autograd.gradcheck(run, (u, *layer.parameters()))


def test_templates_can_be_learnt() -> None:
    """From pictures, sparse ones to dense ones, and their edges."""
    layer = psn.Cellular(1, 1, boundary=-1, step=0.5, iterations=6)
    shown = (torch.rand(64, 1, 8, 8) - torch.rand(64, 1, 1, 1)).sign()
    teacher = classic(centre(1), centre(8, -1), -1, boundary=-1, iterations=60).float()
    wanted = teacher(shown).detach()
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.05)
    losses = []
    for _ in range(150):
        optimizer.zero_grad()
        loss = (layer(shown) - wanted).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0], losses


def test_empty_batches_and_their_gradients() -> None:
    layer = psn.Cellular(2, 3, iterations=1000)
    y = layer(torch.zeros(0, 2, 4, 5))
    assert y.shape == (0, 3, 4, 5)
    y.sum().backward()
    assert all(number.grad is not None for number in layer.parameters())


def test_new_numbers_have_the_asked_variance() -> None:
    layer = psn.Cellular(2, 3)
    layer.reset_parameters(2.0)
    for part in (layer.feedback, layer.control):
        assert part.second_moment() == pytest.approx(4, rel=1e-5)
    assert not layer.bias.any()


def test_precision_and_place() -> None:
    layer = psn.Cellular(1, 2, ops.Dense(2, 18, **DOUBLE))
    assert {number.dtype for number in layer.parameters()} == {torch.float64}
    assert all(p.is_meta for p in psn.Cellular(1, 2, device="meta").parameters())
    with pytest.raises(TypeError, match=r"holds torch\.float64 numbers, got torch\.float32 input"):
        layer(torch.zeros(1, 3, 3))
    layer, u = psn.Cellular(1, 2), torch.randn(2, 1, 5, 5)
    exact = layer(u)
    with torch.autocast("cpu", torch.bfloat16):
        y = layer(u)
    torch.testing.assert_close(y.float(), exact, rtol=0.05, atol=0.1)


def test_a_network_of_cells_comes_back() -> None:
    shared = ops.Dense(2, 18)
    network = Network(
        psn.Cellular(1, 2, shared, bias=ops.Dense(2, 1), boundary="circular", returns="state"),
        psn.Cellular(2, 2, shared, initial="input", iterations=3, step=1, bias=False),
        psn.Cellular(2, 4, kernel_size=(1, 3), groups=2, boundary=-1, initial=0.5),
        input_shape=(1, 5, 6),
    )
    text = json.dumps(network.spec(), allow_nan=False)
    other = Network.from_spec(json.loads(text))
    assert json.dumps(other.spec()) == text
    assert other[0].feedback is other[1].feedback
    other.load_state_dict(network.state_dict(), strict=True)
    x = torch.randn(3, 1, 5, 6)
    assert torch.equal(network(x), other(x))
    assert repr(other) == repr(network)
    first, second, third = network.spec()["layers"]
    assert first == {
        "layer": "cellular",
        "in_channels": 1,
        "channels": 2,
        "feedback": {"operator": 0},
        "control": {"operator": 1},
        "bias": {"operator": 2},
        "boundary": "circular",
        "returns": "state",
    }
    assert (second["initial"], second["bias"], second["step"]) == ("input", False, 1.0)
    assert (third["boundary"], third["kernel_size"]) == (-1.0, [1, 3])
    assert count(network).trainable == 36 + 18 + 2 + 36 + (4 * 2 * 3 + 4 * 3) + 4


def test_macs_are_those_of_every_step() -> None:
    layer = psn.Cellular(1, 2, iterations=7)
    assert layer.macs(30) == 30 * (2 * 9 + 7 * 2 * 18)
    assert count(layer, (1, 5, 6)).macs == layer.macs(30)


def test_repr_says_how_it_is_run() -> None:
    text = repr(psn.Cellular(1, 2, boundary="replicate", step=0.25))
    assert "1, 2, kernel_size=(3, 3), groups=1, step=0.25, iterations=10" in text
    assert "boundary='replicate', initial=0.0, returns='output'" in text


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda c: c(0, 1), ValueError, "in_channels must lie between 1 and .*, got 0"),
        (lambda c: c(1, "1"), TypeError, "channels must be an integer, got '1'"),
        (lambda c: c(2, 3, groups=2), ValueError, "groups must divide .* channels 3, got 2"),
        (lambda c: c(1, 1, kernel_size=2), ValueError, "kernel_size must be odd, got 2"),
        (lambda c: c(1, 1, kernel_size=(3, 3, 3)), ValueError, "an integer or 2 integers"),
        (lambda c: c(1, 1, ops.Dense(1, 3)), ValueError, r"feedback .* \(1, 9\), got \(1, 3\)"),
        (
            lambda c: c(2, 1, None, ops.Dense(1, 9)),
            ValueError,
            r"control templates .* \(1, 18\), got \(1, 9\): Dense",
        ),
        (lambda c: c(1, 1, 3), TypeError, "expected a LinearOperator, got int"),
        (lambda c: c(1, 1, dtype=torch.complex64), TypeError, "are real, got complex templates"),
        (
            lambda c: c(1, 1, ops.Dense(1, 9, dtype=torch.complex64)),
            TypeError,
            "are real, got complex templates",
        ),
        (lambda c: c(1, 1, bias=1), TypeError, "bias must be True, False or a LinearOperator"),
        (lambda c: c(1, 1, step=0), ValueError, "step must be above 0 and at most 1, got 0"),
        (lambda c: c(1, 1, step=1.5), ValueError, "at most 1, got 1.5"),
        (lambda c: c(1, 1, step=math.nan), ValueError, "step must be finite, got nan"),
        (lambda c: c(1, 1, step=True), TypeError, "step must be a real number, got True"),
        (lambda c: c(1, 1, iterations=0), ValueError, "iterations must lie between 1 and 1000"),
        (lambda c: c(1, 1, boundary="zero"), ValueError, "a number or one of .*, got 'zero'"),
        (lambda c: c(1, 1, boundary=10**400), ValueError, "boundary must be finite, got"),
        (lambda c: c(1, 1, boundary=None), TypeError, "boundary must be a real number, got None"),
        (lambda c: c(1, 1, initial="state"), ValueError, "initial must be .*, got 'state'"),
        (lambda c: c(1, 2, initial="input"), ValueError, "in_channels is 1, channels 2"),
        (lambda c: c(1, 1, returns="y"), ValueError, "'output' or 'state', got 'y'"),
    ],
)
def test_arguments_are_refused(build: Callable, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        build(psn.Cellular)


@pytest.mark.parametrize("shape", [(), (2,), (2, 4), (3, 4, 4), (1, 1, 4, 4), (1, 1, 2, 4, 4)])
def test_inputs_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"input of shape \(N, 2, H, W\) or \(2, H, W\), got \("):
        psn.Cellular(2, 2)(torch.zeros(shape))


def test_inputs_that_are_no_good_are_refused() -> None:
    layer = psn.Cellular(1, 1, kernel_size=5, boundary="circular")
    with pytest.raises(ValueError, match=r"circular padding of 2 needs more than .* length 1"):
        layer(torch.zeros(1, 4, 1))
    with pytest.raises(TypeError, match=r"holds torch\.float32 numbers, got torch\.complex64"):
        layer(torch.zeros(1, 4, 4, dtype=torch.complex64))
