"""What is kept of an operator's numbers is forgotten as soon as one of them changes."""

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.func import functional_call, vmap

from prodsumnet import operators as ops
from prodsumnet.evaluation import Composed, Memory


def build() -> ops.LinearOperator:
    given = ops.Constant.of(torch.randn(4, 4, dtype=torch.float64))
    first = ops.Dense(6, 4, dtype=torch.float64)
    return first @ (given + ops.Diagonal(4, dtype=torch.float64)) @ first.T


class Counted:
    """A memory of the dense matrix, which counts how often it is composed."""

    def __init__(self, operator: ops.LinearOperator) -> None:
        self.operator, self.calls = operator, 0
        self.memory = Memory(operator, self._make)
        self.x = torch.zeros(1, dtype=torch.float64)

    def _make(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return self.operator.to_dense()

    def check(self, calls: int) -> None:
        for _ in range(2):
            found = self.memory.get(self.x)
            torch.testing.assert_close(found, self.operator.to_dense().detach(), rtol=0, atol=0)
            assert not found.requires_grad
        assert self.calls == calls


def step(operator: ops.LinearOperator, **options: bool) -> None:
    optimiser = torch.optim.AdamW(operator.parameters(), 0.1, **options)
    operator(torch.randn(3, operator.in_features, dtype=torch.float64)).sum().backward()
    optimiser.step()


def fused_step(operator: ops.LinearOperator) -> None:
    step(operator, fused=True)


def step_of_all_at_once(operator: ops.LinearOperator) -> None:
    step(operator, capturable=False, foreach=True)


def in_place(operator: ops.LinearOperator) -> None:
    with torch.no_grad():
        next(operator.parameters()).mul_(2)


def load(operator: ops.LinearOperator) -> None:
    operator.load_state_dict({k: v + 1 for k, v in operator.state_dict().items()})


def load_buffer(operator: ops.LinearOperator) -> None:
    for buffer in operator.buffers():
        buffer.add_(1)


def assign(operator: ops.LinearOperator) -> None:
    state = {k: v + 1 for k, v in operator.state_dict().items()}
    operator.load_state_dict(state, assign=True)


def exchange_data(operator: ops.LinearOperator) -> None:
    number = next(operator.parameters())
    number.data = number.data + 1


def replace(operator: ops.LinearOperator) -> None:
    for module in operator.modules():
        for name, number in list(module.named_parameters(recurse=False)):
            setattr(module, name, nn.Parameter(number.detach() + 1))


CHANGES = (
    step,
    fused_step,
    step_of_all_at_once,
    in_place,
    load,
    load_buffer,
    assign,
    exchange_data,
    replace,
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_is_seen(change: Callable[[ops.LinearOperator], None]) -> None:
    counted = Counted(build())
    counted.check(1)
    change(counted.operator)
    counted.check(2)


def test_a_conversion_is_seen() -> None:
    operator = build()
    composed = Composed(operator)
    with torch.no_grad():
        composed(torch.randn(2, 6, dtype=torch.float64))
        operator.float()
        x = torch.randn(2, 6)
        torch.testing.assert_close(composed(x), operator(x))


def test_numbers_lent_for_a_call_are_seen() -> None:
    operator = ops.Dense(6, 4, dtype=torch.float64) @ ops.Dense(4, 6, dtype=torch.float64)
    composed, x = Composed(operator), torch.randn(2, 6, dtype=torch.float64)
    with torch.no_grad():
        before = composed(x)
        lent = {f"operator.{k}": 2 * v for k, v in operator.named_parameters()}
        found = functional_call(composed, lent, (x,))
        expected = functional_call(operator, {k[9:]: v for k, v in lent.items()}, (x,))
        torch.testing.assert_close(found, expected)
        torch.testing.assert_close(found, 4 * before)
        torch.testing.assert_close(composed(x), before)


def test_numbers_of_an_ensemble_are_not_mixed_up() -> None:
    operator = ops.Dense(3, 4) @ ops.Diagonal(4)
    composed, x = Composed(operator), torch.randn(2, 4)
    stacked = {k: torch.stack([v, 2 * v]) for k, v in composed.named_parameters()}
    with torch.no_grad():
        found = vmap(lambda numbers: functional_call(composed, numbers, (x,)))(stacked)
        torch.testing.assert_close(found, torch.stack([operator(x), 4 * operator(x)]))


def test_numbers_without_versions_are_computed_with_every_time() -> None:
    with torch.inference_mode():
        operator = build()
        composed, x = Composed(operator), torch.randn(2, 6, dtype=torch.float64)
        composed(x)
        next(operator.parameters()).mul_(2)
        torch.testing.assert_close(composed(x), operator(x))


def test_it_is_not_used_where_gradients_are_wanted() -> None:
    operator = build()
    composed, x = Composed(operator), torch.randn(2, 6, dtype=torch.float64)
    with torch.no_grad():
        composed(x)
    for number in operator.parameters():
        slope = torch.autograd.grad(composed(x).sum(), number)[0]
        torch.testing.assert_close(slope, torch.autograd.grad(operator(x).sum(), number)[0])
    operator.requires_grad_(False)
    x.requires_grad_()
    slope = torch.autograd.grad(composed(x).sum(), x)[0]
    torch.testing.assert_close(slope, torch.autograd.grad(operator(x).sum(), x)[0])


def test_it_is_kept_for_each_precision_of_autocast() -> None:
    operator = ops.Dense(6, 4) @ ops.Diagonal(4)
    composed, x = Composed(operator), torch.randn(2, 4)
    with torch.no_grad():
        plain = composed(x)
        with torch.autocast("cpu", torch.bfloat16):
            assert composed(x).dtype == torch.bfloat16
        assert torch.equal(composed(x), plain)
