"""Convolutions against torch's layers, over every combination of their options."""

import itertools

import pytest
import torch
from tests.oracles.convolution_2d import matrix

from prodsumnet.operators import Convolution2d, Dense, LinearOperator
from prodsumnet.operators.convolution import Convolution1d, Convolution3d

STRIDES = (1, 2, (2, 3))
PADDINGS = (0, 1, (2, 1), "same", "valid")
DILATIONS = (1, 2, (1, 2))
GROUPS = (1, 2)
KERNEL_SIZES = (1, 2, (3, 2))
MODES = ("zeros", "circular", "reflect", "replicate")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("padding", PADDINGS, ids=str)
@pytest.mark.parametrize("groups", GROUPS)
def test_every_combination(mode: str, padding: object, groups: int) -> None:
    torch.manual_seed(0)
    size, checked = (5, 6), 0
    for stride, dilation, kernel_size in itertools.product(STRIDES, DILATIONS, KERNEL_SIZES):
        if padding == "same" and stride != 1:
            continue
        taps = kernel_size**2 if isinstance(kernel_size, int) else kernel_size[0] * kernel_size[1]
        kernel = Dense(2, taps, dtype=torch.float64)
        options = {
            "kernel_size": kernel_size,
            "stride": stride,
            "padding": padding,
            "dilation": dilation,
            "groups": groups,
            "padding_mode": mode,
        }
        _check(Convolution2d(kernel, size, **options), size, options)
        checked += 1
    assert checked == (9 if padding == "same" else 27)


def _check(operator: LinearOperator, size: tuple[int, ...], options: dict) -> None:
    weight = operator.kernel.weight.detach().numpy()
    expected = torch.from_numpy(matrix(weight, size, **options))
    assert operator.shape == expected.shape
    x = torch.randn(3, operator.in_features, dtype=torch.float64)
    y = torch.randn(3, operator.out_features, dtype=torch.float64)
    torch.testing.assert_close(operator(x), x @ expected.T)
    torch.testing.assert_close(operator.H(y), y @ expected)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("padding", [0, 2, "same", "valid"])
@pytest.mark.parametrize(
    ("kind", "size", "kernel_size"),
    [(Convolution1d, (7,), (3,)), (Convolution1d, (7,), (2,)), (Convolution3d, (5, 4, 6), 2)],
    ids=["1d-odd", "1d-even", "3d"],
)
def test_every_combination_on_one_axis_and_on_three(
    kind: type[LinearOperator],
    size: tuple[int, ...],
    kernel_size: object,
    padding: object,
    mode: str,
) -> None:
    torch.manual_seed(0)
    taps = kernel_size**3 if isinstance(kernel_size, int) else kernel_size[0]
    for stride, dilation, groups in itertools.product((1, 3), (1, 2), (1, 2)):
        if padding != "same" or stride == 1:
            options = {
                "kernel_size": kernel_size,
                "stride": stride,
                "padding": padding,
                "dilation": dilation,
                "groups": groups,
                "padding_mode": mode,
            }
            kernel = Dense(2, taps, dtype=torch.float64)
            _check(kind(kernel, size, **options), size, options)


def test_kernel_is_part_of_the_expression() -> None:
    kernel = Dense(4, 9)
    operator = Convolution2d(kernel, (5, 5), 3, padding=1)
    assert list(operator.parameters()) == [kernel.weight]
    assert (operator.in_channels, operator.out_channels) == (1, 4)
    assert operator.output_size == (5, 5)


def test_padding_is_written_as_it_was_asked_for() -> None:
    for given, kept in (("same", "same"), ("valid", "valid"), (1, (1, 1)), ([1, 2], (1, 2))):
        assert Convolution2d(Dense(1, 9), (5, 5), 3, padding=given).padding == kept


def test_one_axis_may_be_written_as_a_number() -> None:
    operator = Convolution1d(Dense(1, 3), 7, 3)
    assert (operator.input_size, operator.output_size) == ((7,), (5,))


def test_formulas_say_the_size_of_the_kernel() -> None:
    assert "Conv3[Dense(1×3)]" in repr(Convolution1d(Dense(1, 3), 7, 3))
    assert "Conv1×2×3[Dense(1×6)]" in repr(Convolution3d(Dense(1, 6), (3, 3, 3), (1, 2, 3)))
