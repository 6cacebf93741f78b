"""Linear against torch.nn.functional.linear with the dense weight."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.expressions import Formula, formulas
from tests.nn.support import KINDS, assert_same, close, dense_bias, make_bias, randomize
from torch import nn
from torch.nn import functional

from prodsumnet import nn as psn
from prodsumnet import operators as ops

LEADS = ((), (1,), (5,), (0,), (2, 3), (2, 0, 3))


def linear(operator: ops.LinearOperator, kind: str = "vector", **options) -> psn.Linear:
    out, in_ = operator.shape
    layer = psn.Linear(in_, out, operator, make_bias(kind, out), **options)
    randomize(layer)
    return layer


def reference(layer: psn.Linear) -> Callable[[torch.Tensor], torch.Tensor]:
    def call(x: torch.Tensor) -> torch.Tensor:
        weight, bias = (
            layer.operator.to_dense(None if layer.operator.dtype else x.dtype),
            dense_bias(layer),
        )
        dtype = torch.promote_types(x.dtype, weight.dtype)
        y = functional.linear(x.to(dtype), weight.to(dtype))
        return y if bias is None else y + bias

    return call


@given(
    formula=formulas(),
    lead=st.sampled_from(LEADS),
    kind=st.sampled_from(KINDS),
    imaginary=st.booleans(),
)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_it_is_the_linear_layer_of_the_dense_weight(
    formula: Formula, lead: tuple[int, ...], kind: str, imaginary: bool
) -> None:
    layer = linear(formula.operator, kind, dtype=torch.float64)
    dtype = torch.complex128 if imaginary else torch.float64
    x = torch.randn(*lead, layer.in_features, dtype=dtype)
    assert_same(layer, reference(layer), x, 1e-9)
    # The weight itself against numpy, which shares nothing with the library.
    matrix = torch.from_numpy(np.ascontiguousarray(formula.matrix()))
    y, bias = x.to(torch.complex128) @ matrix.to(torch.complex128).mT, dense_bias(layer)
    close(layer(x).to(torch.complex128), y if bias is None else y + bias, 1e-9)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "operator",
    [
        lambda: ops.Dense(12, 10, dtype=torch.float64),
        # Rank above the size: the dense weight is cheaper for a large batch, factors for a small.
        lambda: ops.Dense(12, 40, dtype=torch.float64) @ ops.Dense(40, 10, dtype=torch.float64),
        lambda: ops.LowRank(12, 10, 1, dtype=torch.float64),
        lambda: (
            3 * ops.kron(ops.Dense(3, 5, dtype=torch.float64), ops.Dense(4, 2, dtype=torch.float64))
        ),
        lambda: ops.Dense(12, 10, dtype=torch.complex128) @ ops.Circulant(10, dtype=torch.float64),
        lambda: ops.Dense(12, 16, dtype=torch.float64) @ ops.Hadamard(16) @ ops.zero_pad(16, 10),
    ],
)
def test_at_every_batch_size(operator: Callable, kind: str) -> None:
    layer = linear(operator(), kind)
    for batch in (1, 3, 0, 700):
        assert_same(layer, reference(layer), torch.randn(batch, 10, dtype=torch.float64))


def test_a_plain_layer_comes_back() -> None:
    for kind in KINDS:
        operator = ops.LowRank(6, 5, 2, dtype=torch.float64)
        layer = linear(operator, kind)
        plain = layer.to_linear()
        assert type(plain) is nn.Linear
        assert (plain.bias is None) == (kind == "none")
        assert plain.weight.dtype == torch.float64
        assert torch.equal(plain.weight, layer.weight)
        assert plain.weight.is_leaf and plain.weight.requires_grad
        x = torch.randn(4, 5, dtype=torch.float64)
        close(plain(x), layer(x), 1e-12)
        before = layer.weight.detach().clone()
        nn.init.zeros_(plain.weight)
        assert torch.equal(layer.weight, before)
    assert not linear(operator).eval().to_linear().training


def test_the_operator_is_used_as_it_is() -> None:
    operator, bias = ops.Dense(3, 2), ops.Dense(3, 1)
    before = operator.weight.detach().clone(), bias.weight.detach().clone()
    layer = psn.Linear(2, 3, operator, bias)
    assert layer.operator is operator
    assert layer.bias is bias
    assert torch.equal(operator.weight, before[0])
    assert torch.equal(bias.weight, before[1])
    assert layer.weight.requires_grad


def test_the_bias_vector_starts_at_zero_where_the_operator_is() -> None:
    layer = psn.Linear(2, 3, ops.Dense(3, 2, dtype=torch.float64))
    assert layer.bias.dtype == torch.float64
    assert torch.equal(layer.bias, torch.zeros(3, dtype=torch.float64))
    assert psn.Linear(2, 3, ops.Dense(3, 2, device="meta")).bias.is_meta
    assert psn.Linear(2, 3, ops.Dense(3, 2, dtype=torch.complex64)).bias.dtype == torch.complex64
    assert psn.Linear(2, 3, ops.RandomSigns(3, 2)).bias.dtype == torch.float32
    bias = psn.Linear(2, 3, ops.Dense(3, 2), device="meta", dtype=torch.float64).bias
    assert bias.is_meta and bias.dtype == torch.float64
    assert psn.Linear(2, 3, ops.Dense(3, 2), bias=False).bias is None


def test_new_numbers_have_the_asked_variance() -> None:
    layer = linear(ops.Dense(40, 30, dtype=torch.float64) @ ops.Dense(30, 20, dtype=torch.float64))
    bias = layer.bias.detach().clone()
    before = layer.weight.detach().clone()
    layer.reset_parameters(gain=3.0)
    assert not torch.equal(layer.weight, before)
    assert layer.weight.square().sum().item() / 40 == pytest.approx(9, rel=1e-5)
    assert torch.equal(layer.bias, bias)


@pytest.mark.parametrize("batch", [2, 500])
def test_autocast_gives_what_torch_gives(batch: int) -> None:
    layer = psn.Linear(24, 16, ops.Dense(16, 32) @ ops.Dense(32, 24), ops.Dense(16, 1))
    x = torch.randn(batch, 24)
    exact = layer(x)
    for inputs in (x, x.bfloat16()):
        with torch.autocast("cpu", torch.bfloat16):
            y = layer(inputs)
            assert y.dtype == layer.to_linear()(inputs).dtype == torch.bfloat16
        torch.testing.assert_close(y.float(), exact, rtol=0.05, atol=0.05)
    y.float().sum().backward()
    for number in layer.parameters():
        assert number.grad.dtype == torch.float32
        assert number.grad.isfinite().all() and number.grad.any()


def test_macs_are_of_the_cheaper_way() -> None:
    assert psn.Linear(20, 30, ops.Dense(30, 20)).macs(7) == 7 * 600
    assert psn.Linear(20, 30, ops.LowRank(30, 20, 3)).macs() == 3 * 50
    assert psn.Linear(20, 30, ops.LowRank(30, 20, 19)).macs(2) == 2 * 600


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((2, 3, None), TypeError, "expected a LinearOperator, got NoneType"),
        ((2, 3, nn.Linear(2, 3)), TypeError, "expected a LinearOperator, got Linear"),
        ((2, 3, ops.Dense(2, 3)), ValueError, r"operator of shape \(3, 2\), got \(2, 3\).*Dense"),
        ((0, 3, ops.Dense(3, 2)), ValueError, "in_features must lie between 1 and .*, got 0"),
        ((2, 3.0, ops.Dense(3, 2)), TypeError, r"out_features must be an integer, got 3\.0"),
        ((2, 3, ops.Dense(3, 2), None), TypeError, "bias must be True, False or a Lin.*, got None"),
        ((2, 3, ops.Dense(3, 2), 1), TypeError, "bias must be True, False or a Lin.*, got 1"),
        ((2, 3, ops.Dense(3, 2), torch.zeros(3)), TypeError, "bias must be .* got tensor"),
        ((2, 3, ops.Dense(3, 2), ops.Dense(1, 3)), ValueError, r"\(3, 1\), got \(1, 3\): Dense"),
    ],
)
def test_arguments_are_refused(arguments: tuple, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        psn.Linear(*arguments)


@pytest.mark.parametrize("shape", [(), (3,), (4, 3), (2, 0), (2, 1)])
def test_inputs_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    layer = psn.Linear(2, 3, ops.Dense(3, 2))
    with pytest.raises(ValueError, match=r"Linear expects input of shape \(\.\.\., 2\), got \("):
        layer(torch.zeros(shape))


def test_inputs_of_another_precision_are_refused() -> None:
    layer = psn.Linear(2, 3, ops.Dense(3, 2))
    for dtype in (torch.float64, torch.bfloat16):
        with pytest.raises(TypeError, match=f"holds torch.float32 numbers, got {dtype} input"):
            layer(torch.zeros(4, 2, dtype=dtype))
    with pytest.raises(TypeError, match=r"floating or complex tensor, got torch\.int64"):
        layer(torch.zeros(4, 2, dtype=torch.int64))


def test_repr_shows_sizes_and_formula() -> None:
    text = repr(psn.Linear(2, 3, ops.Dense(3, 2)))
    assert "in_features=2, out_features=3" in text
    assert "Dense(3×2)" in text
