"""Chains of matrices in pieces of the batch: the same numbers, and the same gradients."""

import pytest
import torch

from prodsumnet import operators as ops
from prodsumnet.evaluation.chains.pieces import Along, Pieces
from prodsumnet.evaluation.rewrites import rewrites
from prodsumnet.numerics import eager

STEPS = (Along(3, 4, 10, 1), Along(1, 15, 6, 2), Along(2, 3, 5, 2))
BATCH = 5


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two vectors a piece, so that the last one is smaller."""
    monkeypatch.setattr(eager, "_CHUNK", 2 * Pieces(STEPS).numbers)


def numbers(dtype: torch.dtype = torch.float64) -> list[torch.Tensor]:
    torch.manual_seed(0)
    shapes = [(BATCH, 12), *((step.height, step.width) for step in STEPS)]
    return [torch.randn(shape, dtype=dtype, requires_grad=True) for shape in shapes]


def oracle(x: torch.Tensor, first: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
    second, third = others
    y = torch.einsum("npi,oi->npo", x.view(-1, 3, 4), first)
    y = torch.einsum("niq,oi->noq", y.reshape(-1, 15, 2), second)
    return torch.einsum("npiq,oi->npoq", y.reshape(-1, 2, 3, 2), third).flatten(1)


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_values_and_gradients(dtype: torch.dtype) -> None:
    given, pieces = numbers(dtype), Pieces(STEPS)
    assert pieces.pays(given[0], given[1:])
    found, expected = pieces.apply(given[0], given[1:]), oracle(*given)
    torch.testing.assert_close(found, expected)
    weight = torch.randn_like(expected)
    gradients = (torch.autograd.grad(y, given, weight) for y in (found, expected))
    for mine, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(mine, theirs)
    with torch.no_grad():
        torch.testing.assert_close(pieces.apply(given[0], given[1:]), expected)


def test_derivatives_of_derivatives() -> None:
    pieces = Pieces(STEPS)
    assert torch.autograd.gradcheck(lambda x, *w: pieces.apply(x, w), numbers())
    assert torch.autograd.gradgradcheck(lambda x, *w: pieces.apply(x, w), numbers())


@pytest.mark.parametrize("fixed", range(4))
def test_what_needs_no_gradient_gets_none(fixed: int) -> None:
    given = numbers()
    given[fixed].requires_grad_(False)
    Pieces(STEPS).apply(given[0], given[1:]).sum().backward()
    expected = numbers()
    oracle(*expected).sum().backward()
    for index, (mine, theirs) in enumerate(zip(given, expected, strict=True)):
        if index == fixed:
            assert mine.grad is None
        else:
            torch.testing.assert_close(mine.grad, theirs.grad)


def test_it_pays_only_for_plain_numbers_beyond_a_piece() -> None:
    x, *weights = numbers()
    pieces = Pieces(STEPS)
    assert not pieces.pays(x[:2], weights)
    assert not pieces.pays(x.detach().mT.contiguous().mT, weights)
    assert not pieces.pays(x, [weights[0].float(), *weights[1:]])
    assert not pieces.pays(x.to("meta"), weights)
    with torch.autocast("cpu"):
        assert not pieces.pays(x, weights)


def test_sums_of_kronecker_products_come_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    operator = ops.stacked_kronecker_sum(
        ops.Dense(3, 8, dtype=torch.float64), ops.Dense(10, 4, dtype=torch.float64), 2
    )
    monkeypatch.setattr(eager, "_CHUNK", 80)
    taken = []
    forward = Pieces.forward
    monkeypatch.setattr(Pieces, "forward", lambda *a: taken.append(a) or forward(*a))
    x = torch.randn(7, operator.in_features, dtype=torch.float64)
    dense = operator.to_dense()
    for chain in rewrites(operator):
        torch.testing.assert_close(chain(x), x @ dense.mT)
        torch.testing.assert_close(chain.H(chain(x)), x @ dense.mT @ dense)
    assert taken
