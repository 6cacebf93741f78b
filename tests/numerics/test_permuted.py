"""Copies with permuted axes are torch's, in whichever order the memory is gone through."""

import itertools
import math

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prodsumnet.numerics import permuted as room
from prodsumnet.numerics.permuted import permuted


@given(data=st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_permutation(monkeypatch: pytest.MonkeyPatch, data: st.DataObject) -> None:
    monkeypatch.setattr(room, "_CACHE", data.draw(st.sampled_from([1, 64, 1024, 1 << 21])))
    monkeypatch.setattr(room, "_SMALL", 0)
    shape = data.draw(st.lists(st.sampled_from([1, 2, 3, 4, 8]), max_size=5))
    places = data.draw(st.permutations(range(len(shape))))
    dtype = data.draw(st.sampled_from([torch.float64, torch.bfloat16, torch.complex64]))
    # In memory the axes may lie in any order, and some of them apart.
    memory = data.draw(st.permutations(range(len(shape))))
    x = torch.randn([2 * shape[axis] for axis in memory]).to(dtype)
    if data.draw(st.booleans()):
        x = x[tuple(slice(n // 2) for n in x.shape)]
    x = x.permute([memory.index(axis) for axis in range(len(shape))]).requires_grad_()
    found, expected = permuted(x, places), x.permute(places)
    assert torch.equal(found, expected)
    assert found.is_contiguous()
    direction = torch.randn(expected.shape).to(dtype)
    slopes = (torch.autograd.grad(y, x, direction)[0] for y in (found, expected))
    assert torch.equal(*slopes)


def test_what_is_empty() -> None:
    assert permuted(torch.zeros(0, 2), [1, 0]).shape == (2, 0)


def test_lines_are_brought_into_order_first_where_they_displace_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By the number of passes through a tensor of four megabytes, for every permutation."""
    passes: list[int] = []
    contiguous = torch.Tensor.contiguous

    def counted(x: torch.Tensor) -> torch.Tensor:
        passes[-1] += not x.is_contiguous()
        return contiguous(x)

    monkeypatch.setattr(torch.Tensor, "contiguous", counted)
    shape = 64, 128, 128
    x = torch.arange(math.prod(shape), dtype=torch.float32).view(shape)
    found = {}
    for places in itertools.permutations(range(3)):
        passes.append(0)
        assert torch.equal(permuted(x, places), x.permute(places))
        found[places] = passes[-1]
    # A transposition is one pass by tiles, and rows that stay whole are one.
    assert found == {(0, 1, 2): 0, (0, 2, 1): 1, (1, 0, 2): 1, (1, 2, 0): 1, (2, 0, 1): 1} | {
        (2, 1, 0): 2
    }


def test_it_can_be_differentiated_twice_and_transformed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_SMALL", 0)
    x = torch.randn(2, 3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda t: permuted(t, [2, 0, 1]), x)
    assert torch.autograd.gradgradcheck(lambda t: permuted(t, [2, 0, 1]) ** 2, x)
    batched = torch.func.vmap(lambda t: permuted(t, [1, 0]))(x.detach())
    assert torch.equal(batched, x.mT)
