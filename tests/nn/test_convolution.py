"""Convolution layers against torch's with the dense kernels, in one, two and three dimensions."""

import math
import warnings
from collections.abc import Callable

import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.nn.support import (
    KERNELS,
    KINDS,
    MODES,
    assert_same,
    close,
    convolutions,
    dense_bias,
    kernels,
    make_bias,
    randomize,
)
from torch import nn
from torch.func import functional_call

from prodsumnet import nn as psn
from prodsumnet import operators as ops

STAGED = ("separable", "khatri-rao", "one-filter", "scaled", "twice-scaled", "fixed-filters")


LAYERS = {1: psn.Conv1d, 2: psn.Conv2d, 3: psn.Conv3d}


def convolution(
    kernel: str, options: dict, bias: str = "vector", axes: int = 2, strategy: str = "auto"
) -> nn.Module:
    """A layer of a kind of kernel matrix, in float64."""
    size, groups = options["kernel_size"], options.get("groups", 1)
    taps = size**axes if isinstance(size, int) else math.prod(size)
    out, channels = options["out_channels"], options["in_channels"] // groups
    operator = kernels(out, channels, taps)[kernel]()
    layer = LAYERS[axes](
        **options,
        operator=operator,
        bias=make_bias(bias, out),
        dtype=torch.float64,
        strategy=strategy,
    )
    randomize(layer)
    return layer


def reference(layer: nn.Module, options: dict) -> Callable[[torch.Tensor], torch.Tensor]:
    """torch's layer of the same arguments, its weight the dense matrix of the operator."""
    plain = layer.plain(**options, bias=layer.bias is not None, dtype=torch.float64)

    def call(x: torch.Tensor) -> torch.Tensor:
        dense = layer.operator.to_dense(torch.float64)
        numbers = {"weight": dense.reshape(plain.weight.shape)}
        if plain.bias is not None:
            numbers["bias"] = dense_bias(layer)
        with warnings.catch_warnings():
            # torch warns of a copy where 'same' needs unequal borders.
            warnings.simplefilter("ignore")
            if x.shape[0] == 0:
                # Some of torch's paddings refuse empty batches.
                return functional_call(plain, numbers, torch.zeros(1, *x.shape[1:]).double())[:0]
            return functional_call(plain, numbers, x)

    return call


def simple(in_channels: int = 6, out_channels: int = 8, kernel_size: int = 3, **options) -> dict:
    return {
        "in_channels": in_channels,
        "out_channels": out_channels,
        "kernel_size": kernel_size,
        **options,
    }


@given(
    options=convolutions(),
    kernel=st.sampled_from(KERNELS),
    bias=st.sampled_from(KINDS),
    lead=st.sampled_from(((), (1,), (3,), (0,))),
)
@example(
    {**simple(1, 4, 3), "size": (7, 6), "padding": "same", "padding_mode": "reflect"},
    "dense",
    "vector",
    (2,),
)
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
def test_it_is_the_convolution_of_the_dense_kernels(
    options: dict, kernel: str, bias: str, lead: tuple[int, ...]
) -> None:
    options = dict(options)
    size = options.pop("size")
    layer = convolution(kernel, options, bias)
    x = torch.randn(*lead, options["in_channels"], *size, dtype=torch.float64)
    assert_same(layer, reference(layer, options), x, 1e-10)


@st.composite
def of_other_dimensions(draw: Callable) -> tuple[int, dict]:
    """One axis or three, the arguments of such a layer, and a size that it takes."""
    axes = draw(st.sampled_from((1, 3)))
    groups = draw(st.sampled_from((1, 1, 2)))

    def some(least: int, most: int) -> st.SearchStrategy:
        each = st.tuples(*[st.integers(least, most)] * axes)
        return st.one_of(st.integers(least, most), each)

    def along(value: int | tuple[int, ...]) -> tuple[int, ...]:
        return (value,) * axes if isinstance(value, int) else value

    kernel_size, dilation = draw(some(1, 3)), draw(some(1, 2))
    padding = draw(st.one_of(st.sampled_from(("same", "valid")), some(0, 2)))
    spans = [d * (k - 1) + 1 for d, k in zip(along(dilation), along(kernel_size), strict=True)]
    borders = spans if isinstance(padding, str) else along(padding)
    return axes, {
        "in_channels": groups * draw(st.integers(1, 3)),
        "out_channels": groups * draw(st.integers(1, 3)),
        "kernel_size": kernel_size,
        "stride": 1 if padding == "same" else draw(some(1, 2)),
        "padding": padding,
        "dilation": dilation,
        "groups": groups,
        "padding_mode": draw(st.sampled_from(MODES)),
        "size": tuple(
            max(s, b + 1) + draw(st.integers(0, 2)) for s, b in zip(spans, borders, strict=True)
        ),
    }


@given(
    asked=of_other_dimensions(),
    kernel=st.sampled_from(KERNELS),
    bias=st.sampled_from(KINDS),
    lead=st.sampled_from(((), (2,), (0,))),
)
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_it_is_the_same_on_one_axis_and_on_three(
    asked: tuple[int, dict], kernel: str, bias: str, lead: tuple[int, ...]
) -> None:
    axes, options = asked[0], dict(asked[1])
    size = options.pop("size")
    layer = convolution(kernel, options, bias, axes)
    x = torch.randn(*lead, options["in_channels"], *size, dtype=torch.float64)
    assert_same(layer, reference(layer, options), x, 1e-10)


@pytest.mark.parametrize("axes", [1, 3])
@pytest.mark.parametrize("kernel", KERNELS)
def test_stages_and_plain_layers_on_one_axis_and_on_three(kernel: str, axes: int) -> None:
    options = simple(padding=1, stride=2)
    layer = convolution(kernel, options, axes=axes).eval()
    if kernel in STAGED:
        layer = convolution(kernel, options, axes=axes, strategy="factors").eval()
        taps = 3**axes
        assert layer.macs(2) <= 2 * (6 * taps + 6 * 8)
    for lead in ((2,), ()):
        x = torch.randn(*lead, 6, *(5, 4, 6)[:axes], dtype=torch.float64)
        assert_same(layer, reference(layer, options), x, 1e-10)
    plain = layer.to_conv()
    assert type(plain) is {1: nn.Conv1d, 3: nn.Conv3d}[axes]
    assert not plain.training
    assert torch.equal(plain.weight, layer.weight)
    close(layer(x), plain.double()(x), 1e-6 if layer.operator.dtype is None else 1e-10)


@pytest.mark.parametrize("axes", [1, 3])
def test_a_single_channel_on_one_axis_and_on_three(axes: int) -> None:
    layer = convolution("dense", simple(1, 4, padding="same"), axes=axes).float()
    for lead in ((2,), ()):
        x = torch.randn(*lead, 1, *(5, 4, 6)[:axes])
        close(layer(x), layer.to_conv()(x), 1e-5)
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(x).dtype == torch.bfloat16


def test_networks_of_every_dimension_come_back() -> None:
    network = psn.Network(
        psn.Conv3d(2, 3, (2, 1, 3), ops.Dense(3, 12), (1, 2, 1), padding=(1, 0, 0), bias=False),
        nn.Flatten(1, 2),
        psn.Conv2d(9, 4, 1, ops.Dense(4, 9)),
        nn.Flatten(2),
        psn.Conv1d(4, 2, 3, ops.LowRank(2, 6, 1), 2, 1, groups=2, padding_mode="circular"),
        input_shape=(2, 2, 3, 5),
    )
    spec = network.spec()
    assert [node["layer"] for node in spec["layers"]] == [
        "conv-3d",
        "flatten",
        "conv-2d",
        "flatten",
        "conv-1d",
    ]
    assert "dilation" not in spec["layers"][0]
    assert spec["layers"][4]["stride"] == [2]
    other = psn.Network.from_spec(spec)
    assert other.spec() == spec
    other.load_state_dict(network.state_dict(), strict=True)
    x = torch.randn(2, 2, 2, 3, 5)
    assert torch.equal(other(x), network(x))
    # Output positions times taps, layer by layer.
    expected = 3 * 2 * 3 * 3 * 12 + 6 * 36 + 3 * 2 * 6
    assert psn.count(network).macs == expected


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("mode", MODES)
def test_many_channels_in_one_stage_or_two(kernel: str, mode: str) -> None:
    options = simple(padding=2, dilation=(1, 2), stride=(2, 1), padding_mode=mode)
    # The way that is compared here is the one of two stages.
    layer = convolution(kernel, options, strategy="factors" if kernel in STAGED else "auto")
    for lead in ((3,), ()):
        x = torch.randn(*lead, 6, 9, 8, dtype=torch.float64)
        assert_same(layer, reference(layer, options), x, 1e-10)
        x = torch.randn(2, 6, 9, 8, dtype=torch.float64)
        assert_same(
            layer, reference(layer, options), x.to(memory_format=torch.channels_last), 1e-10
        )


@pytest.mark.parametrize("bias", KINDS)
@pytest.mark.parametrize("kernel", ["dense", "scaled", "fixed-mixing"])
def test_every_bias_in_one_stage_or_two(kernel: str, bias: str) -> None:
    layer = convolution(kernel, simple(), bias)
    assert_same(layer, reference(layer, simple()), torch.randn(2, 6, 5, 5).double(), 1e-10)


@pytest.mark.parametrize("padding", ["same", "valid", 1, (0, 2)])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_groups_and_depthwise(groups: int, padding: object) -> None:
    options = simple(4, 8, (3, 2), groups=groups, padding=padding, dilation=2)
    layer = convolution("low-rank", options)
    assert layer.weight.shape == (8, 4 // groups, 3, 2)
    assert_same(layer, reference(layer, options), torch.randn(2, 4, 8, 7).double(), 1e-10)


def test_complex_kernels_and_images() -> None:
    for dtypes in ((torch.complex128, torch.float64), (torch.float64, torch.complex128)):
        mixing = ops.Dense(8, 6, dtype=dtypes[0])
        operator = mixing @ ops.BlockDense(6, 1, 9, dtype=dtypes[1])
        for staged in (operator, operator + ops.Zero(8, 54)):
            layer = psn.Conv2d(6, 8, 3, staged, padding="same")
            randomize(layer)
            for dtype in (torch.float64, torch.complex128):
                x = torch.randn(2, 6, 4, 4, dtype=dtype)
                weight = layer.weight.to(torch.complex128)
                y = nn.functional.conv2d(x.to(weight.dtype), weight, layer.bias, padding="same")
                close(layer(x), y, 1e-10)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_plain_layer_comes_back(kernel: str) -> None:
    options = simple(padding="same", dilation=2, padding_mode="replicate")
    for bias in KINDS:
        layer = convolution(kernel, options, bias).eval()
        plain = layer.to_conv()
        assert type(plain) is nn.Conv2d
        assert not plain.training
        assert (plain.bias is None) == (bias == "none")
        assert torch.equal(plain.weight, layer.weight)
        x = torch.randn(2, 6, 7, 7, dtype=torch.float64)
        close(layer(x), plain.double()(x), 1e-6 if layer.operator.dtype is None else 1e-10)
    options = simple(4, 8, (3, 2), groups=2, stride=(2, 1), padding=(1, 0))
    layer = convolution("dense", options)
    x = torch.randn(2, 4, 7, 7, dtype=torch.float64)
    close(layer.to_conv()(x), layer(x), 1e-12)


def test_arguments_are_kept_as_torch_keeps_them() -> None:
    for options in (
        simple(),
        simple(4, 8, (3, 2), stride=[2, 1], padding=(1, 0), dilation=2, groups=2),
        simple(4, 8, 3, padding="same", padding_mode="circular"),
    ):
        layer, plain = convolution("dense", options), nn.Conv2d(**options)
        for name in ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation"):
            value = getattr(plain, name)
            assert getattr(layer, name) == (value if isinstance(value, int | str) else tuple(value))
        assert (layer.groups, layer.padding_mode) == (plain.groups, plain.padding_mode)
        assert layer.weight.shape == plain.weight.shape
        assert layer.bias.shape == plain.bias.shape


@pytest.mark.parametrize("kernel", KERNELS)
def test_autocast_stays_close_to_full_precision(kernel: str) -> None:
    layer = convolution(kernel, simple(), "dense").float()
    x = torch.randn(2, 6, 8, 8)
    exact = layer(x)
    for inputs in (x, x.bfloat16()):
        with torch.autocast("cpu", torch.bfloat16):
            y = layer(inputs)
        scale = exact.abs().max().item()
        torch.testing.assert_close(y.float(), exact, rtol=0.03, atol=0.03 * scale)
    y.float().square().sum().backward()
    for number in layer.parameters():
        assert number.grad.dtype == torch.float32
        assert number.grad.isfinite().all() and number.grad.any()


def test_grouped_stages_keep_their_precision_under_autocast() -> None:
    layer = convolution("low-rank", simple(4, 8, groups=4)).float()
    x = torch.randn(2, 4, 8, 8)
    exact = layer(x)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(layer(x), exact)
        assert layer(x.bfloat16()).dtype == torch.float32


def test_autocast_gives_torch_its_type_and_channels_last() -> None:
    layer = convolution("dense", simple()).float()
    x = torch.randn(64, 6, 16, 16)
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(x).dtype == layer.to_conv()(x).dtype == torch.bfloat16
    # Small images stay as they are, which takes less time than to order them.
    assert layer(x).is_contiguous(memory_format=torch.channels_last)
    assert layer(x[:1, :, :8, :8].contiguous()).is_contiguous()


@pytest.mark.parametrize("kernel", KERNELS)
def test_single_precision(kernel: str) -> None:
    layer = convolution(kernel, simple(1, 8)).float()
    x = torch.randn(3, 1, 8, 8)
    assert layer(x).dtype == torch.float32
    close(layer(x), layer.to_conv()(x), 1e-5)


def test_the_bias_vector_follows_the_operator() -> None:
    layer = psn.Conv2d(2, 3, 1, ops.Dense(3, 2, dtype=torch.float64))
    assert layer.bias.dtype == torch.float64
    assert not layer.bias.any()
    assert psn.Conv2d(2, 3, 1, ops.Dense(3, 2, device="meta")).bias.is_meta


def test_new_numbers_have_the_asked_variance() -> None:
    layer = convolution("separable", simple(20, 30))
    before, bias = layer.weight.detach().clone(), layer.bias.detach().clone()
    layer.reset_parameters(gain=2.0)
    assert not torch.equal(layer.weight, before)
    assert layer.weight.square().sum().item() / 30 == pytest.approx(4, rel=1e-5)
    assert torch.equal(layer.bias, bias)


def test_macs_are_of_the_cheaper_way() -> None:
    assert convolution("dense", simple()).macs(10) == 10 * 8 * 54
    assert convolution("separable", simple()).macs(10) == 10 * (54 + 48)
    assert convolution("scaled", simple()).macs() == 54 + 48
    assert convolution("low-rank", simple()).macs(3) == 3 * 2 * (54 + 8)
    assert convolution("dense", simple(4, 8, (3, 2), groups=2)).macs() == 8 * 12


def refused(error: type, message: str, **changes: object):
    options = {**simple(4, 8), "operator": ops.Dense(8, 36), **changes}
    return pytest.param(options, error, message, id=message[:40])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        refused(TypeError, "expected a LinearOperator, got NoneType", operator=None),
        refused(ValueError, r"of shape \(8, 36\), got \(36, 8\): Dense", operator=ops.Dense(36, 8)),
        refused(ValueError, r"shape \(8, 18\), got \(8, 36\)", groups=2),
        refused(ValueError, "groups must divide in_channels 4 and out_channels 8, got 3", groups=3),
        refused(ValueError, "groups must divide in_channels 4 and .*, got 8", groups=8),
        refused(ValueError, "groups must lie between 1 and .*, got 0", groups=0),
        refused(ValueError, "'same' needs stride 1, got stride .2, 2.", padding="same", stride=2),
        refused(ValueError, "integers, 'same' or 'valid', got 'full'", padding="full"),
        refused(ValueError, "padding must lie between 0 and .*, got -1", padding=-1),
        refused(ValueError, "padding must be an integer or 2 integers", padding=(1, 1, 1, 1)),
        refused(TypeError, "padding must be an integer, got 0.5", padding=(0.5, 1)),
        refused(
            ValueError, r"padding_mode must be one of \('zeros', .*got 'wrap'", padding_mode="wrap"
        ),
        refused(ValueError, "padding_mode must be one of .*got None", padding_mode=None),
        refused(ValueError, "stride must lie between 1 and .*, got 0", stride=(1, 0)),
        refused(ValueError, "dilation must lie between 1 and .*, got 0", dilation=0),
        refused(ValueError, "kernel_size must be an integer or 2 integers", kernel_size=(3, 3, 3)),
        refused(ValueError, "in_channels must lie between 1 and .*, got 0", in_channels=0),
        refused(TypeError, "out_channels must be an integer, got '8'", out_channels="8"),
        refused(ValueError, r"\(8, 1\), got \(4, 1\): Dense", bias=ops.Dense(4, 1)),
        refused(TypeError, "bias must be True, False or a LinearOperator, got 1", bias=1),
    ],
)
def test_arguments_are_refused(options: dict, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        psn.Conv2d(**options)


@pytest.mark.parametrize("shape", [(), (4,), (4, 8), (3, 8, 8), (2, 3, 8, 8), (1, 2, 4, 8, 8)])
def test_inputs_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    layer = psn.Conv2d(4, 8, 3, ops.Dense(8, 36))
    with pytest.raises(
        ValueError, match=r"expects input of shape \(N, 4, H, W\) or \(4, H, W\), got"
    ):
        layer(torch.zeros(shape))


def test_inputs_of_another_dimension_are_refused() -> None:
    for layer, letters in (
        (psn.Conv1d(4, 8, 3, ops.Dense(8, 12)), "4, L"),
        (psn.Conv3d(4, 8, 1, ops.Dense(8, 4)), "4, D, H, W"),
    ):
        message = (
            rf"{type(layer).__name__} expects input of shape \(N, {letters}\) or \({letters}\)"
        )
        for shape in ((4, 8, 8), (2, 3, 8), (1, 2, 4, 8, 8), (4,)):
            with pytest.raises(ValueError, match=message):
                layer(torch.zeros(shape))


def test_inputs_smaller_than_the_borders_are_refused() -> None:
    for mode, size in (("circular", 2), ("reflect", 3)):
        layer = psn.Conv2d(1, 1, 3, ops.Dense(1, 9), padding=3, padding_mode=mode)
        with pytest.raises(ValueError, match=f"{mode} padding of 3 needs more than .* {size}"):
            layer(torch.zeros(1, 1, 9, size))
        assert layer(torch.zeros(1, 1, 9, size + 1)).shape == (1, 1, 13, size + 5)


@pytest.mark.parametrize("kernel", ["dense", "separable", "fixed-filters"])
def test_inputs_of_another_precision_are_refused(kernel: str) -> None:
    layer = convolution(kernel, simple())
    with pytest.raises(TypeError, match=r"holds torch\.float64 numbers, got torch\.float32 input"):
        layer(torch.zeros(1, 6, 8, 8))


def test_repr_shows_what_is_not_usual() -> None:
    text = repr(psn.Conv2d(4, 8, 3, ops.Dense(8, 18), groups=2, padding_mode="circular"))
    assert "4, 8, kernel_size=(3, 3), stride=(1, 1), padding=(0, 0), groups=2" in text
    assert "padding_mode='circular'" in text
    assert "dilation" not in text
    assert "Dense(8×18)" in text
