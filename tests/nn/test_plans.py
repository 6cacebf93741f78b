"""Plans are caches: whatever happens to a layer after its first call, the next call is right."""

import copy
from collections.abc import Callable

import pytest
import torch
from tests.nn.support import assert_same, close, dense_bias, randomize, tensor_ids
from torch import nn
from torch.func import functional_call
from torch.nn import functional

from prodsumnet import nn as psn
from prodsumnet import operators as ops
from prodsumnet.evaluation import Composed
from prodsumnet.evaluation.convolution.ways import Transformed

BATCH = 300


def fixed(size: int) -> ops.LinearOperator:
    """A seeded matrix that a plan computes once."""
    return ops.DCT(size) @ ops.Permutation(size, seed=1) @ ops.DCT(size)


def linear(operator: ops.LinearOperator) -> psn.Linear:
    return psn.Linear(operator.in_features, operator.out_features, operator)


def convolution(operator: ops.LinearOperator, strategy: str = "auto") -> psn.Conv2d:
    return psn.Conv2d(8, operator.out_features, 3, operator, padding=1, strategy=strategy)


LAYERS: dict[str, Callable[[], nn.Module]] = {
    "factors": lambda: linear(ops.LowRank(32, 32, 2)),
    "composed": lambda: linear(ops.Dense(32, 64) @ ops.Dense(64, 32)),
    "hoisted": lambda: linear(ops.Dense(2, 8) @ ops.kron(fixed(4), ops.Hadamard(2))),
    "all fixed": lambda: linear(ops.kron(fixed(16), ops.Hadamard(2))),
    "given": lambda: linear(ops.Constant.of(torch.randn(16, 16)) @ ops.DCT(16)),
    "given and trained": lambda: linear(
        ops.Dense(16, 16) + ops.Constant.of(torch.randn(16, 16)) @ ops.DCT(16)
    ),
    "bias": lambda: psn.Linear(16, 8, ops.Dense(8, 16), ops.Dense(8, 2) @ ops.Dense(2, 1)),
    "whole": lambda: convolution(ops.Dense(4, 72)),
    "transformed": lambda: convolution(ops.Dense(4, 72), "fft"),
    "staged": lambda: convolution(
        2 * (ops.Dense(40, 8) @ ops.KhatriRao(ops.Identity(8), ops.Dense(8, 9))), "factors"
    ),
    "fixed filters": lambda: convolution(
        ops.Dense(40, 8)
        @ ops.kron(ops.Identity(8), ops.Ones(1, 3) @ ops.DCT(3) @ ops.Slice(9, 1, 4)),
        "factors",
    ),
    "fixed": lambda: convolution(
        ops.RandomSigns(40, 8) @ ops.kron(ops.Identity(8), ops.Ones(1, 9)), "factors"
    ),
}


def images(layer: nn.Module, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    if isinstance(layer, psn.Linear):
        return torch.randn(BATCH, layer.in_features, dtype=dtype)
    return torch.randn(3, 8, 6, 6, dtype=dtype)


def check(layer: nn.Module, dtype: torch.dtype = torch.float32) -> None:
    """Compare a layer with torch's function of its present dense weight."""

    def expected(x: torch.Tensor) -> torch.Tensor:
        weight, bias = layer.operator.to_dense(dtype), dense_bias(layer)
        bias = None if bias is None else bias.to(dtype)
        if isinstance(layer, psn.Linear):
            return functional.linear(x, weight, bias)
        return functional.conv2d(x, weight.view(-1, 8, 3, 3), bias, padding=1)

    assert_same(layer, expected, images(layer, dtype), 2e-4 if dtype == torch.float32 else 1e-11)


@pytest.fixture(params=LAYERS)
def layer(request: pytest.FixtureRequest) -> nn.Module:
    torch.manual_seed(5)
    layer = LAYERS[request.param]()
    randomize(layer)
    return layer


@pytest.fixture
def used(layer: nn.Module) -> nn.Module:
    """A layer that has its plan."""
    check(layer)
    return layer


def test_the_examples_are_planned_as_their_names_say() -> None:
    def plan(name: str) -> ops.LinearOperator:
        layer = LAYERS[name]()
        layer(images(layer))
        found = next(iter(layer._plans._plans.values()))
        return getattr(found, "__self__", found)

    assert isinstance(plan("composed"), Composed)
    assert isinstance(plan("factors"), ops.Product)
    assert isinstance(plan("all fixed"), ops.Constant)
    assert any(isinstance(part, ops.Constant) for part in plan("hoisted").modules())
    assert len(plan("whole").chain) == 1
    for name in ("staged", "fixed filters", "fixed"):
        assert len(plan(name).chain) == 2
    assert isinstance(plan("fixed").chain[0].operator, ops.Constant)
    assert isinstance(plan("transformed"), Transformed)


def test_they_are_no_state(layer: nn.Module) -> None:
    def tensors() -> list[tuple]:
        found = (*layer.named_parameters(), *layer.named_buffers(), *layer.state_dict().items())
        return [(name, tensor.data_ptr()) for name, tensor in found]

    before, modules = tensors(), list(layer.modules())
    check(layer)
    assert layer._plans._plans
    assert tensors() == before
    assert list(layer.modules()) == modules


def test_they_see_numbers_change_in_place(used: nn.Module) -> None:
    with torch.no_grad():
        for number in (*used.parameters(), *used.state_dict().values()):
            number.mul_(1.5).add_(0.25)
    check(used)


def test_they_see_a_step_of_training(used: nn.Module) -> None:
    optimizer = torch.optim.SGD(used.parameters(), lr=0.1)
    x = images(used)
    before = used(x).detach()
    used(x).square().mean().backward()
    optimizer.step()
    assert not torch.equal(used(x), before)
    check(used)


def test_they_see_loaded_numbers(used: nn.Module) -> None:
    other = copy.deepcopy(used)
    with torch.no_grad():
        for number in other.state_dict().values():
            number.normal_()
    for assign in (False, True):
        used.load_state_dict(copy.deepcopy(other.state_dict()), assign=assign)
        x = images(used)
        assert torch.equal(used(x), other(x))
        check(used)
        with torch.no_grad():
            for number in other.state_dict().values():
                number.normal_()


def test_they_see_redrawn_numbers(used: nn.Module) -> None:
    used.reset_parameters(2.0)
    check(used)


def test_they_follow_conversions(used: nn.Module) -> None:
    check(used.double(), torch.float64)
    check(used.float())
    check(used.double(), torch.float64)
    # Of a part by itself too.
    used.operator.float()
    check(used)


def test_they_follow_conversions_that_replace_parameters(used: nn.Module) -> None:
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    try:
        used.double()
    finally:
        torch.__future__.set_overwrite_module_params_on_conversion(False)
    check(used, torch.float64)


def test_they_follow_conversions_under_autocast(used: nn.Module) -> None:
    x = images(used)
    with torch.autocast("cpu", torch.bfloat16):
        first = used(x)
        used.operator.bfloat16()
        again = used(x)
    torch.testing.assert_close(again.float(), first.float(), rtol=0.03, atol=0.3)


def test_they_follow_requires_grad(used: nn.Module) -> None:
    numbers = list(used.parameters())
    used.requires_grad_(False)
    assert not used(images(used)).requires_grad
    with torch.no_grad():
        for number in numbers:
            number.mul_(-2)
    used.requires_grad_(True)
    check(used)
    for number in used.operator.parameters():
        number.requires_grad_(False)
    check(used)


def test_frozen_numbers_may_change_too() -> None:
    for build in LAYERS.values():
        layer = build().requires_grad_(False)
        layer(images(layer))
        with torch.no_grad():
            for number in layer.parameters():
                number.add_(1)
        check(layer)


def test_they_are_forgotten_with_their_operator(used: nn.Module) -> None:
    used.operator = ops.Dense(*used.operator.shape)
    check(used)


def test_they_serve_training_wherever_they_were_made(layer: nn.Module) -> None:
    with torch.inference_mode():
        layer(images(layer))
    check(layer)


def test_they_are_exact_wherever_they_were_made(layer: nn.Module) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        layer(images(layer))
    check(layer)


def test_they_take_numbers_from_functional_calls(used: nn.Module) -> None:
    numbers = {name: torch.randn_like(p) for name, p in used.named_parameters()}
    x = images(used)
    y = functional_call(used, numbers, x)
    used.load_state_dict(numbers, strict=False)
    # No gradients of those numbers were wanted; with them the way may be another one.
    used.requires_grad_(False)
    assert torch.equal(used(x), y)


def test_a_copy_shares_nothing(used: nn.Module) -> None:
    other = copy.deepcopy(used)
    assert not tensor_ids(other) & tensor_ids(used)
    assert not set(other.modules()) & set(used.modules())
    assert other._plans is not used._plans
    assert not other._plans._plans
    x = images(used)
    before = used(x)
    assert torch.equal(other(x), before)
    with torch.no_grad():
        for number in other.state_dict().values():
            number.zero_()
    check(other)
    assert torch.equal(used(x), before)
    kept = tensor_ids(used)
    planned = [p for plan in other._plans._plans.values() for p in vars(plan).values()]
    for part in planned:
        if isinstance(part, nn.Module):
            assert not tensor_ids(part) & kept


def test_many_batch_sizes_keep_few_plans() -> None:
    layer = LAYERS["composed"]()
    for batch in range(1, 60):
        x = torch.randn(batch, 32)
        close(layer(x), functional.linear(x, layer.weight), 1e-4)
        assert len(layer._plans._plans) < 20


@pytest.mark.parametrize(
    "operator",
    [
        ops.Dense(6, 4) @ ops.Diagonal(4),
        ops.DCT(6) @ ops.Permutation(6, 1),
        ops.Phases(4) @ ops.Diagonal(4),
        ops.Dense(4, 4, dtype=torch.complex64),
    ],
    ids=["real", "fixed", "complex of real numbers", "complex"],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64])
def test_a_kept_matrix_serves_every_call(operator: ops.LinearOperator, dtype: torch.dtype) -> None:
    layer = psn.Linear(*operator.shape[::-1], operator, bias=False, strategy="dense")
    with torch.no_grad():
        for _ in range(3):
            x = torch.randn(5, operator.in_features, dtype=dtype)
            torch.testing.assert_close(layer(x), operator(x))
            for number in operator.parameters():
                number.mul_(1.1)


def test_they_see_another_bias() -> None:
    layer, x = psn.Linear(4, 3, ops.Dense(3, 4)), torch.randn(2, 4)
    with torch.no_grad():
        plain = layer(x)
        layer.bias = nn.Parameter(torch.ones(3))
        torch.testing.assert_close(layer(x), plain + 1)
        torch.testing.assert_close(
            functional_call(layer, {"bias": torch.full((3,), 2.0)}, (x,)), plain + 2
        )
        nn.utils.parametrize.register_parametrization(layer, "bias", nn.Softplus())
        torch.testing.assert_close(layer(x), plain + functional.softplus(torch.tensor(1.0)))
        nn.utils.parametrize.remove_parametrizations(layer, "bias", leave_parametrized=False)
        layer.bias = None
        torch.testing.assert_close(layer(x), plain)
    plain = psn.Linear(4, 3, ops.Dense(3, 4), bias=False)
    assert plain.bias is None
    assert set(plain.state_dict()) == {"operator.weight"}
