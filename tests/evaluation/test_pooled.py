"""Products, pooling and ReLU some images at a time: the same as one after the other."""

import pytest
import torch
from torch.nn import functional

from prodsumnet.evaluation.convolution import pooled_half
from prodsumnet.evaluation.convolution.pooled import pooled_product
from prodsumnet.numerics import eager


def inputs(*shape: int, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, ...]:
    x = torch.randn(*shape, dtype=dtype).contiguous(memory_format=torch.channels_last)
    matrix, bias = torch.randn(5, shape[1], dtype=dtype), torch.randn(5, dtype=dtype)
    return tuple(tensor.requires_grad_() for tensor in (x, matrix, bias))


def oracle(x: torch.Tensor, matrix: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    y = functional.conv2d(x, matrix[:, :, None, None], bias)
    return functional.max_pool2d(functional.relu(y), 2)


@pytest.mark.parametrize("images", [1, 2, 100])
@pytest.mark.parametrize("shape", [(3, 4, 6, 8), (5, 1, 3, 7), (1, 2, 2, 2)])
def test_values_and_gradients_are_torch_s(
    monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], images: int
) -> None:
    monkeypatch.setattr(eager, "_CHUNK", images * 5 * shape[2] * shape[3])
    given = inputs(*shape)
    found, expected = pooled_product(*given), oracle(*given)
    torch.testing.assert_close(found, expected)
    assert found.is_contiguous(memory_format=torch.channels_last)
    # In whatever order a gradient arrives.
    for direction in (torch.randn_like(expected), torch.randn(expected.shape).double()):
        slopes = (torch.autograd.grad(y, given, direction, True) for y in (found, expected))
        for ours, theirs in zip(*slopes, strict=True):
            torch.testing.assert_close(ours, theirs)


def test_of_equal_pixels_the_first_is_the_largest() -> None:
    given = inputs(4, 3, 6, 6)
    with torch.no_grad():
        given[0].copy_(given[0].round().clamp_(0, 1)[:, :1].expand(given[0].shape))
        given[0][:2] = 0
    found, expected = pooled_product(*given), oracle(*given)
    direction = torch.randn_like(expected)
    slopes = (torch.autograd.grad(y, given, direction) for y in (found, expected))
    for ours, theirs in zip(*slopes, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_images_may_be_in_any_order_and_need_no_gradient() -> None:
    x, matrix, bias = inputs(3, 4, 6, 8)
    plain = x.detach().contiguous()
    found, expected = (f(plain, matrix, bias) for f in (pooled_product, oracle))
    torch.testing.assert_close(found, expected)
    slopes = (torch.autograd.grad(y.sum(), (matrix, bias)) for y in (found, expected))
    for ours, theirs in zip(*slopes, strict=True):
        torch.testing.assert_close(ours, theirs)


def whole(*shape: int, dtype: torch.dtype) -> tuple[torch.Tensor, ...]:
    """Inputs of small whole numbers, with which half precision computes exactly."""
    given = (t.detach().mul(2).round().clamp(-4, 4) for t in inputs(*shape))
    return tuple(t.to(dtype).requires_grad_() for t in given)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("images", [1, 2, 100])
@pytest.mark.parametrize("shape", [(9, 4, 6, 8), (5, 1, 3, 7), (1, 2, 2, 2)])
def test_half_precision_is_exact_where_its_numbers_are(
    monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], images: int, dtype: torch.dtype
) -> None:
    room = 5 * (shape[2] // 2 * 2) * (shape[3] // 2 * 2)
    monkeypatch.setattr(eager, "_CHUNK", images * room)
    monkeypatch.setattr(pooled_half, "_MORE", 1)
    given = whole(*shape, dtype=dtype)
    exact = tuple(t.detach().double().requires_grad_() for t in given)
    found, expected = pooled_product(*given), oracle(*exact)
    assert torch.equal(found.double(), expected)
    direction = torch.randint_like(expected, -3, 4)
    ours = torch.autograd.grad(found, given, direction.to(dtype))
    theirs = torch.autograd.grad(expected, exact, direction)
    for a, b in zip(ours, theirs, strict=True):
        assert torch.equal(a, b.to(dtype))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("value", [torch.nan, -torch.tensor(torch.nan), torch.inf, -torch.inf])
def test_what_is_not_finite_comes_out_as_torch_s(
    value: float | torch.Tensor, place: int, dtype: torch.dtype
) -> None:
    given = whole(2, 4, 6, 8, dtype=dtype)
    with torch.no_grad():
        given[place][(-1,) * given[place].dim()] = value
    found, expected = pooled_product(*given), oracle(*given)
    torch.testing.assert_close(found, expected, rtol=0, atol=0, equal_nan=True)
    assert not expected.isfinite().all() or value == -torch.inf


def test_half_precision_adds_up_in_single() -> None:
    x, matrix, bias = inputs(64, 4, 8, 8, dtype=torch.bfloat16)
    given = tuple(t.detach().double().requires_grad_() for t in (x, matrix, bias))
    slopes = torch.autograd.grad(pooled_product(x, matrix, bias).sum(), (x, matrix, bias))
    exact = torch.autograd.grad(oracle(*given).sum(), given)
    for ours, theirs in zip(slopes[1:], exact[1:], strict=True):
        assert (ours - theirs).norm() < 0.02 * theirs.norm()


@pytest.mark.parametrize("needs_images", [True, False])
def test_it_can_be_differentiated_twice(needs_images: bool) -> None:
    x, matrix, bias = inputs(1, 2, 4, 2)
    x.requires_grad_(needs_images)
    assert torch.autograd.gradcheck(pooled_product, (x, matrix, bias))
    assert torch.autograd.gradgradcheck(pooled_product, (x, matrix, bias))


def test_function_transforms_and_no_gradients_take_the_plain_way() -> None:
    given = tuple(tensor.detach() for tensor in inputs(2, 3, 4, 4))
    torch.testing.assert_close(pooled_product(*given), oracle(*given))
    ours, theirs = (
        torch.func.grad(lambda m, f=f: f(given[0], m, given[2]).sum())(given[1])
        for f in (pooled_product, oracle)
    )
    torch.testing.assert_close(ours, theirs)
