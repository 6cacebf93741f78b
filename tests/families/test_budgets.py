"""Every family at every shape: exact budgets, the least, variance, and no number without effect."""

import random
import zlib

import pytest
import torch

from prodsumnet import families

SHAPES = [(64, 64), (10, 784), (784, 10), (300, 100), (97, 61), (1, 1), (1024, 3136)]
SMALL = [(64, 64), (10, 97), (300, 100), (97, 61), (1, 1), (2, 3)]
COUNT = 50

every_family = pytest.mark.parametrize("name", families.names())


def budgets(name: str, out: int, in_: int, count: int = COUNT) -> list[int]:
    """The least few, some spread evenly in logarithms, and some beyond the number of entries."""
    least, generator = families.get(name).least(out, in_), random.Random(f"{name} {out} {in_}")
    top = max(2 * out * in_, 4 * least)
    found = [least, least + 1, least + 2]
    while len(found) < count:
        found.append(round(least * (top / least) ** generator.random()))
    return found


@every_family
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_budgets_are_exact(name: str, shape: tuple[int, int]) -> None:
    for budget in budgets(name, *shape):
        free = families.build(name, *shape, budget, device="meta")
        exact = families.build(name, *shape, budget, exact=True, device="meta")
        assert free.shape == exact.shape == shape
        assert 0 < free.num_trainable <= budget
        assert exact.num_trainable == budget


@every_family
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_budget_below_the_least_says_the_least(name: str, shape: tuple[int, int]) -> None:
    least = families.get(name).least(*shape)
    assert least >= 1
    if least > 1:
        pattern = f"family '{name}' at {shape[0]}×{shape[1]} needs a budget of at least {least}"
        with pytest.raises(ValueError, match=rf"{pattern}, got {least - 1}"):
            families.build(name, *shape, least - 1, exact=True)


@every_family
@pytest.mark.parametrize("shape", [*SMALL, (10, 784), (784, 10)], ids=str)
def test_unit_variance_in_unit_variance_out(name: str, shape: tuple[int, int]) -> None:
    torch.manual_seed(zlib.crc32(f"{name} {shape}".encode()))
    for exact in (False, True):
        for budget in budgets(name, *shape, count=5):
            operator = families.build(
                name, *shape, budget, exact=exact, dtype=torch.float64, seed=budget
            )
            dense = operator.to_dense()
            variance = dense.abs().square().sum().item() / shape[0]
            assert variance == pytest.approx(1.0, rel=0.03)
            x = torch.randn(3, shape[1], dtype=torch.float64).to(dense.dtype)
            torch.testing.assert_close(operator(x), x @ dense.mT, check_dtype=False)


@every_family
@pytest.mark.parametrize("shape", SMALL, ids=str)
def test_every_number_has_an_effect(name: str, shape: tuple[int, int]) -> None:
    torch.manual_seed(zlib.crc32(f"{name} {shape}".encode()))
    entries = shape[0] * shape[1]
    least = families.get(name).least(*shape)
    for budget in {least, least + 1, max(least, entries // 10), max(least, entries // 2)}:
        operator = families.build(name, *shape, budget, dtype=torch.float64)
        dense = operator.to_dense()
        weights = torch.randn_like(dense)
        loss = (dense * weights).sum().abs().square() + (dense.abs().square() * weights.abs()).sum()
        parameters = list(operator.parameters())
        for gradient in torch.autograd.grad(loss, parameters):
            assert gradient.abs().min() > 0


@every_family
def test_more_budget_is_not_less_structure(name: str) -> None:
    counts = [
        families.build(name, 40, 60, budget, device="meta").num_trainable
        for budget in sorted(budgets(name, 40, 60))
    ]
    assert counts == sorted(counts)


@every_family
def test_structure_follows_the_seed_and_not_torch(name: str) -> None:
    torch.manual_seed(0)
    budget = max(300, families.get(name).least(24, 30))
    first = families.build(name, 24, 30, budget, seed=5, exact=True)
    torch.manual_seed(1)
    second = families.build(name, 24, 30, budget, seed=5, exact=True)
    assert first.spec() == second.spec()
    second.load_state_dict(first.state_dict())
    assert torch.equal(first.to_dense(), second.to_dense())
    other = families.build(name, 24, 30, budget + 1, seed=6, exact=True)
    assert other.spec() != first.spec()


@every_family
def test_single_precision_and_specs(name: str) -> None:
    budget = max(900, families.get(name).least(30, 50))
    operator = families.build(name, 30, 50, budget, exact=True)
    assert operator.dtype is not None
    assert operator.dtype.to_real() == torch.float32
    again = operator.from_spec(operator.spec())
    again.load_state_dict(operator.state_dict())
    x = torch.randn(4, 50).to(operator.dtype)
    assert torch.equal(again(x), operator(x))
    assert repr(again) == repr(operator)
