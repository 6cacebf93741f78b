"""Every strategy of a convolution agrees with torch's layer; the choice is sensible and said."""

import math
import warnings
from collections.abc import Callable

import pytest
import scipy.fft
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.nn.support import MODES, assert_same, close, convolutions, pair, randomize
from torch import nn

from prodsumnet import nn as psn
from prodsumnet import operators as ops
from prodsumnet.evaluation import CONVOLUTION_STRATEGIES
from prodsumnet.evaluation.convolution import ways
from prodsumnet.evaluation.convolution.depthwise import depthwise
from prodsumnet.evaluation.convolution.fourier import transform_size
from prodsumnet.evaluation.convolution.pointwise import pointwise
from prodsumnet.evaluation.convolution.ways import Convolutions, Transformed
from prodsumnet.models.spectra import low_frequencies
from prodsumnet.numerics import eager

LAYERS = {1: psn.Conv1d, 2: psn.Conv2d, 3: psn.Conv3d}
FORMATS = {2: torch.channels_last, 3: torch.channels_last_3d}


def dense(rows: int, columns: int, dtype: torch.dtype = torch.float64) -> ops.Dense:
    return ops.Dense(rows, columns, dtype=dtype)


def reference(layer: nn.Module) -> Callable[[torch.Tensor], torch.Tensor]:
    """torch's layer of the same arguments, with the dense kernels."""
    plain = layer.to_conv()

    def call(x: torch.Tensor) -> torch.Tensor:
        numbers = {"weight": layer.operator.to_dense(torch.float64).reshape(plain.weight.shape)}
        if plain.bias is not None:
            numbers["bias"] = layer.bias
        with warnings.catch_warnings():
            # torch warns of a copy where 'same' needs unequal borders.
            warnings.simplefilter("ignore")
            return torch.func.functional_call(plain, numbers, (x,))

    return call


@given(options=convolutions(), channels_last=st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_transforms_take_every_argument(options: dict, channels_last: bool) -> None:
    size = options.pop("size")
    taps = math.prod(pair(options["kernel_size"]))
    inner = options["in_channels"] // options["groups"]
    operator = dense(options["out_channels"], inner * taps)
    layer = psn.Conv2d(**options, operator=operator, dtype=torch.float64, strategy="fft")
    randomize(layer)
    x = torch.randn(2, options["in_channels"], *size, dtype=torch.float64)
    if channels_last:
        x = x.to(memory_format=torch.channels_last)
    assert_same(layer, reference(layer), x, 1e-10)
    assert any(isinstance(way, Transformed) for way in layer._plans._plans.values())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("strategy", CONVOLUTION_STRATEGIES)
def test_all_strategies_agree_on_one_to_three_axes(strategy: str, axes: int, mode: str) -> None:
    vectors = [dense(5, n) for n in (4, *(3,) * axes)]
    operator = -0.5 * (dense(7, 5) @ ops.KhatriRao(*vectors))
    layer = LAYERS[axes](
        4,
        7,
        3,
        operator,
        stride=(2, 1, 1)[:axes],
        padding=(1, 2, 0)[:axes],
        dilation=(1, 2, 1)[:axes],
        padding_mode=mode,
        dtype=torch.float64,
        strategy=strategy,
    )
    randomize(layer)
    size = (6, 7, 5)[:axes]
    assert_same(layer, reference(layer), torch.randn(3, 4, *size).double(), 1e-10)
    single = torch.randn(4, *size).double()
    assert_same(layer, reference(layer), single, 1e-10)
    assert layer(torch.zeros(0, 4, *size).double()).shape[0] == 0


@pytest.mark.parametrize("axes", [1, 2, 3])
@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_images_of_one_channel_are_taken_two_columns_at_a_time(
    monkeypatch: pytest.MonkeyPatch, axes: int, data: st.DataObject
) -> None:
    monkeypatch.setattr(ways, "_LARGE", 0)
    monkeypatch.setattr(ways, "_LARGE_SINGLE", 0)

    def draw(low: int, high: int) -> tuple[int, ...]:
        return tuple(data.draw(st.integers(low, high)) for _ in range(axes))

    taps, stride, padding, dilation = draw(1, 5), draw(1, 3), draw(0, 3), draw(1, 3)
    size = tuple(d * (k - 1) + n for d, k, n in zip(dilation, taps, draw(1, 7), strict=True))
    kernels = dense(3, math.prod(taps)), dense(3, 2) @ dense(2, math.prod(taps))
    layer = LAYERS[axes](
        1,
        3,
        taps,
        data.draw(st.sampled_from(kernels)),
        stride=stride,
        padding=padding,
        dilation=dilation,
        padding_mode=data.draw(st.sampled_from(["zeros", "replicate"])),
        dtype=torch.float64,
    )
    randomize(layer)
    x = torch.randn(2, 1, *size, dtype=torch.float64)
    assert_same(layer, reference(layer), x, 1e-10)
    with torch.no_grad():
        close(layer(x), reference(layer)(x), 1e-10)
    assert layer(x[:0]).shape[0] == 0


@pytest.mark.parametrize("strategy", CONVOLUTION_STRATEGIES)
def test_gradients_may_be_differentiated(strategy: str) -> None:
    operator = dense(3, 2) @ ops.KhatriRao(dense(2, 2), dense(2, 2), dense(2, 2))
    layer = psn.Conv2d(2, 3, 2, operator, padding=1, dtype=torch.float64, strategy=strategy)
    numbers = [p.detach().clone().requires_grad_() for p in layer.parameters()]
    names = [name for name, _ in layer.named_parameters()]

    def call(x: torch.Tensor, *values: torch.Tensor) -> torch.Tensor:
        given = dict(zip(names, values, strict=True))
        return torch.func.functional_call(layer, given, (x,))

    x = torch.randn(1, 2, 3, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(call, (x, *numbers))
    assert torch.autograd.gradgradcheck(call, (x, *numbers))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("strategy", ["dense", "factors", "fft"])
def test_kept_kernels_follow_precision(strategy: str, dtype: torch.dtype) -> None:
    operator = dense(4, 3, dtype) @ ops.KhatriRao(ops.Identity(3), dense(3, 9, dtype))
    layer = psn.Conv2d(3, 4, 3, operator, padding=1, strategy=strategy)
    x = torch.randn(2, 3, 5, 5).to(dtype)
    tolerance = 1e-5 if dtype == torch.float32 else 0.05
    with torch.no_grad():
        for _ in range(2):
            assert layer(x).dtype == dtype
            close(layer(x).float(), layer.to_conv()(x).float(), tolerance)
            for number in layer.parameters():
                number.mul_(1.5)
        with torch.autocast("cpu", torch.bfloat16):
            low = layer(x)
        close(low.float(), layer(x).float(), 0.05)


def test_sizes_of_transforms_are_scipy_s() -> None:
    sizes = [*range(1, 400), 1021, 4097]
    assert transform_size(sizes) == tuple(scipy.fft.next_fast_len(n, real=True) for n in sizes)


def test_complex_numbers_are_transformed_whole() -> None:
    for kernel, image in (
        (torch.complex128, torch.float64),
        (torch.float64, torch.complex128),
        (torch.complex128, torch.complex128),
    ):
        layer = psn.Conv2d(2, 3, 3, ops.Dense(3, 18, dtype=kernel), padding=1, strategy="fft")
        randomize(layer)
        x = torch.randn(2, 2, 5, 4, dtype=image)
        weight, bias = layer.weight.to(torch.complex128), layer.bias.to(torch.complex128)
        y = nn.functional.conv2d(x.to(weight.dtype), weight, bias, padding=1)
        close(layer(x), y, 1e-10)


@pytest.mark.parametrize(
    ("stride", "padding", "dilation", "kernel"),
    [
        ((1, 1), (2, 2), (1, 1), (5, 5)),
        ((2, 1), (1, 0), (1, 2), (3, 2)),
        ((3, 2), 1, (2, 1), (2, 3)),
        ((1, 1), (3, 0), (1, 2), (3, 2)),
    ],
)
@pytest.mark.parametrize("images", [1, 2, 100])
def test_depthwise_gradients_are_torch_s(
    monkeypatch, stride, padding, dilation, kernel, images
) -> None:
    monkeypatch.setattr(eager, "_CHUNK", images * 4 * 11 * 9)
    padding = (padding, padding) if isinstance(padding, int) else padding
    x = torch.randn(3, 4, 11, 9, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(4, 1, *kernel, dtype=torch.float64, requires_grad=True)
    expected = nn.functional.conv2d(x, weight, None, stride, padding, dilation, 4)
    found = depthwise(x, weight, None, stride, padding, dilation)
    torch.testing.assert_close(found, expected)
    direction = torch.randn_like(expected)
    slopes = (torch.autograd.grad(y, (x, weight), direction) for y in (found, expected))
    for a, b in zip(*slopes, strict=True):
        torch.testing.assert_close(a, b)


def test_depthwise_takes_single_pixels_in_half_precision() -> None:
    x = torch.tensor([2.0, 3.0], dtype=torch.bfloat16).view(2, 1, 1, 1).requires_grad_()
    kernel = torch.full((1, 1, 1, 1), 4.0, dtype=torch.bfloat16, requires_grad=True)
    y = depthwise(x, kernel, None, (1, 1), (0, 0), (1, 1))
    slopes = torch.autograd.grad(y, (x, kernel), torch.ones_like(y))
    assert [slope.flatten().tolist() for slope in slopes] == [[4, 4], [5]]


def test_factors_of_mixed_precision_stay_close() -> None:
    # Sixteen channels at once and in bfloat16, as the depthwise convolutions of a training are.
    operator = dense(8, 16, torch.float32) @ ops.KhatriRao(
        ops.Identity(16), dense(16, 25, torch.float32)
    )
    layer = psn.Conv2d(16, 8, 5, operator, padding=2, strategy="factors")
    x = torch.randn(4, 16, 7, 7, requires_grad=True)
    slopes = []
    for casting in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=casting):
            y = layer(x)
        slopes.append(torch.autograd.grad(y.float().square().sum(), [x, *layer.parameters()]))
    for low, exact in zip(slopes[1], slopes[0], strict=True):
        assert low.dtype == torch.float32
        assert (low - exact).norm() <= 0.03 * exact.norm()


def separable(out: int, channels: int, taps: int) -> ops.LinearOperator:
    return dense(out, channels) @ ops.KhatriRao(ops.Identity(channels), dense(channels, taps))


@pytest.mark.parametrize("gradients", [False, True])
def test_the_choice_is_sensible(gradients: bool) -> None:
    def chosen(layer: psn.Conv2d, batch: int, size: int) -> str:
        return layer.explain(batch, size, gradients).chosen.strategy

    assert chosen(psn.Conv2d(32, 64, 5, separable(64, 32, 25)), 64, 14) == "factors"
    assert chosen(psn.Conv2d(32, 64, 5, dense(64, 800)), 64, 14) == "dense"
    assert chosen(psn.Conv2d(16, 16, 31, dense(16, 16 * 961), padding=15), 8, 64) == "fft"
    assert chosen(psn.Conv2d(8, 8, 3, dense(8, 72)), 1, 6) == "dense"
    forced = psn.Conv2d(8, 8, 3, dense(8, 72), strategy="fft")
    assert chosen(forced, 1, 6) == "fft"


def test_fixed_kernels_come_first_where_they_save_gradients() -> None:
    layer = psn.Conv2d(1, 32, 5, dense(32, 10) @ low_frequencies(5, 4), padding=2)
    explained = layer.explain(128, 28, gradients=True)
    assert str(explained.chosen) == "5×5 1:10 → 1×1 10:32"


def test_small_images_are_not_worth_several_calls() -> None:
    layer = psn.Conv2d(8, 8, 3, separable(8, 8, 9))
    assert layer.explain(1, 6, gradients=False).chosen.strategy == "dense"


def test_what_is_explained_is_what_is_done() -> None:
    layer = psn.Conv2d(32, 64, 5, separable(64, 32, 25), padding=2)
    explained = layer.explain(batch_size=16, image_size=(14, 14), gradients=False)
    seconds = [candidate.seconds for candidate in explained.candidates]
    assert seconds == sorted(seconds)
    assert explained.chosen in explained.candidates
    lines = str(explained).splitlines()
    assert "16 images of 14×14, forward" in lines[0]
    assert len(lines) == 1 + len(seconds)
    assert [line[0] for line in lines[1:]].count("*") == 1
    assert "5×5 depthwise 32:32 → 1×1 32:64" in str(explained)
    with torch.no_grad():
        layer(torch.zeros(16, 32, 14, 14, dtype=torch.float64))
    (way,) = layer._plans._plans.values()
    assert isinstance(way, Convolutions)
    assert [s.sizes for s in way.chain] == [s.sizes for s in explained.chosen.chain]


def test_strategies_that_do_not_exist_are_refused() -> None:
    with pytest.raises(ValueError, match="strategy must be one of auto, dense, factors, fft"):
        psn.Conv2d(2, 3, 1, dense(3, 2), strategy="winograd")
    with pytest.raises(ValueError, match="'factors' needs kernels that are a product"):
        psn.Conv2d(2, 3, 3, dense(3, 18), strategy="factors")
    with pytest.raises(ValueError, match="in 2 groups"):
        psn.Conv2d(4, 8, 3, dense(8, 2) @ dense(2, 18), groups=2, strategy="factors")
    layer = psn.Conv2d(2, 3, 3, dense(3, 18))
    for batch, size, message in (
        (0, 5, "batch_size"),
        (1, (5, 5, 5), "image_size"),
        (1, 2, "larger"),
    ):
        with pytest.raises(ValueError, match=message):
            layer.explain(batch, size)


@pytest.mark.parametrize("axes", [2, 3])
@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_pointwise_stages(axes: int, channels_last: bool, dtype: torch.dtype) -> None:
    taps = 3**axes
    operator = dense(6, 4, dtype) @ ops.KhatriRao(dense(4, 5), dense(4, taps))
    layer = LAYERS[axes](5, 6, 3, operator, padding=1, strategy="factors", dtype=dtype)
    randomize(layer)
    x = torch.randn(2, 5, *(7, 6, 5)[:axes], dtype=torch.float64)
    if channels_last:
        x = x.contiguous(memory_format=FORMATS[axes])
    close(layer(x), layer.to_conv()(x.to(dtype)), 1e-10)
    with torch.no_grad():
        close(layer(x), layer.to_conv()(x.to(dtype)), 1e-10)


@pytest.mark.parametrize("axes", [2, 3])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("image_last", [False, True])
@pytest.mark.parametrize("gradient_last", [False, True])
def test_pointwise_gradients_are_torch_s(
    axes: int, bias: bool, image_last: bool, gradient_last: bool
) -> None:
    plain = {2: nn.Conv2d, 3: nn.Conv3d}[axes](5, 4, 1, bias=bias, dtype=torch.float64)
    x = torch.randn(3, 5, *(2, 3, 4)[:axes], dtype=torch.float64)
    direction = torch.randn(3, 4, *(2, 3, 4)[:axes], dtype=torch.float64)
    x = x.contiguous(memory_format=FORMATS[axes]) if image_last else x
    direction = direction.contiguous(memory_format=FORMATS[axes]) if gradient_last else direction
    given = [x.requires_grad_(), *plain.parameters()]
    found, expected = pointwise(x, plain.weight, plain.bias), plain(x)
    torch.testing.assert_close(found, expected)
    assert found.is_contiguous(memory_format=FORMATS[axes])
    slopes = (torch.autograd.grad(y, given, direction) for y in (found, expected))
    for ours, theirs in zip(*slopes, strict=True):
        torch.testing.assert_close(ours, theirs)
    if bias:
        assert torch.autograd.gradgradcheck(pointwise, given)


def test_a_fixed_pointwise_kernel_has_no_gradient() -> None:
    x = torch.randn(2, 3, 2, 2, dtype=torch.float64, requires_grad=True)
    kernel = torch.randn(4, 3, 1, 1, dtype=torch.float64)
    slopes = (
        torch.autograd.grad(y.sum(), x)[0]
        for y in (pointwise(x, kernel, None), nn.functional.conv2d(x, kernel))
    )
    torch.testing.assert_close(*slopes)
