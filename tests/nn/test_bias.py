"""Bias and Scale, the layers that are neither linear nor convolution."""

import pytest
import torch
from tests.nn.support import KINDS, assert_same, dense_bias, make_bias, randomize

from prodsumnet import nn as psn
from prodsumnet import operators as ops


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 3), (4, 6, 3, 2), (0, 6, 3)])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "none"])
def test_a_bias_is_added_along_the_second_axis(kind: str, shape: tuple[int, ...]) -> None:
    layer = psn.Bias(6, make_bias(kind, 6), dtype=torch.float64)
    randomize(layer)

    def expected(x: torch.Tensor) -> torch.Tensor:
        vector = dense_bias(layer)
        return torch.stack([x[:, i] + vector[i] for i in range(6)], dim=1)

    assert dense_bias(layer).detach().abs().min() > 0
    assert_same(layer, expected, torch.randn(shape, dtype=torch.float64))


def test_a_bias_vector_starts_at_zero_and_an_operator_as_it_is() -> None:
    assert torch.equal(psn.Bias(5, dtype=torch.float64).bias, torch.zeros(5).double())
    assert psn.Bias(5, device="meta").bias.is_meta
    operator = ops.Dense(5, 1)
    before = operator.weight.detach().clone()
    assert psn.Bias(5, operator).bias is operator
    assert torch.equal(operator.weight, before)


def test_a_bias_takes_the_precision_of_its_input() -> None:
    layer = psn.Bias(5)
    assert layer(torch.zeros(2, 5, dtype=torch.bfloat16)).dtype == torch.bfloat16
    layer = psn.Bias(5, ops.Dense(5, 1, dtype=torch.complex64))
    y = layer(torch.zeros(2, 5))
    assert torch.equal(y[1], layer.bias.weight[:, 0])


@pytest.mark.parametrize("shape", [(), (6,), (5, 1), (5, 1, 6), (6, 5)])
def test_inputs_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"Bias expects input of shape \(N, 6, \.\.\.\), got \("):
        psn.Bias(6)(torch.zeros(shape))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0,), ValueError, "features must lie between 1 and .*, got 0"),
        (("6",), TypeError, "features must be an integer, got '6'"),
        ((6, False), ValueError, "needs bias=True or an operator, got False"),
        ((6, None), TypeError, "bias must be True, False or a LinearOperator, got None"),
        ((6, ops.Dense(1, 6)), ValueError, r"6 features .* \(6, 1\), got \(1, 6\): Dense"),
    ],
)
def test_arguments_of_a_bias_are_refused(arguments: tuple, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        psn.Bias(*arguments)


def test_scale_multiplies() -> None:
    x = torch.randn(3, 4)
    assert torch.equal(psn.Scale(-2)(x), -2 * x)
    assert psn.Scale(3).scalar == 3.0
    assert "-0.5" in repr(psn.Scale(-0.5))
    assert not list(psn.Scale(2.0).parameters())


@pytest.mark.parametrize("scalar", [0, 0.0, float("inf"), float("nan"), -(10**400)])
def test_scale_refuses_what_is_no_use(scalar: float) -> None:
    with pytest.raises(ValueError, match="scalar must be finite and not zero, got"):
        psn.Scale(scalar)


@pytest.mark.parametrize("scalar", [True, "2", None, 1j])
def test_scale_refuses_what_is_no_number(scalar: object) -> None:
    with pytest.raises(TypeError, match="scalar must be a real number, got"):
        psn.Scale(scalar)
