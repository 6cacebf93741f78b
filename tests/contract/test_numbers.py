"""Counting, gradients, initialisation, fitting: what concerns an operator's trainable numbers."""

import inspect

import pytest
import torch
from tests.contract.case import Case, numbers
from tests.contract.support import (
    Densified,
    assert_output_variance,
    close,
    dense,
    distinct,
    gradcheck,
    moment,
    rows,
    wide,
)

from prodsumnet.operators import LinearOperator, kinds
from prodsumnet.operators.specification import arguments, build


def test_counts(case: Case, operator: LinearOperator) -> None:
    assert operator.num_trainable == case.trainable == distinct(operator)
    assert operator.H.num_trainable == operator.T.num_trainable == case.trainable
    assert all(p.requires_grad for p in operator.parameters())


def test_gradients_of_the_application(operator: LinearOperator) -> None:
    assert gradcheck(operator, rows(operator.in_features, 2, dtype=wide(operator)))


def test_gradients_of_the_adjoint(operator: LinearOperator) -> None:
    assert gradcheck(operator.H, rows(operator.out_features, 2, dtype=wide(operator)))


def test_gradients_of_the_dense_matrix(operator: LinearOperator) -> None:
    if operator.num_trainable:
        assert gradcheck(Densified(operator))
    else:
        assert not Densified(operator)().requires_grad


def test_state_holds_only_what_is_learnt(case: Case, operator: LinearOperator) -> None:
    state = operator.state_dict()
    learnt = {name for name, _ in operator.named_parameters(remove_duplicate=False)}
    assert set(state) == learnt | case.stored
    assert not set(case.stored) & learnt


@pytest.mark.parametrize("gain", [1.0, 0.3, 5])
def test_reset_sets_the_output_variance(case: Case, operator: LinearOperator, gain: float) -> None:
    fixed = moment(dense(case, operator))
    operator.reset_parameters(gain)
    matrix = dense(case, operator)
    found = moment(matrix)
    if not case.trainable:
        assert found == fixed
        expected = fixed
    elif case.reaches_gain:
        expected = float(gain) ** 2
    else:
        # Fixed terms alone may exceed the target; far above them it is met.
        # What has no scale, such as angles alone, never moves.
        expected = float(gain) ** 2 if gain >= 5 and operator._rescalable() else found
        assert found > 0
    assert found == pytest.approx(expected, rel=2e-6)
    assert operator.second_moment() == pytest.approx(found, rel=1e-9)
    assert_output_variance(operator, matrix, expected)
    if operator.out_features == operator.in_features:
        assert_output_variance(operator.H, matrix.mH, expected)
    assert operator.H.second_moment() == pytest.approx(moment(matrix.mH), rel=1e-9)


def test_second_moment_of_any_numbers(case: Case, operator: LinearOperator) -> None:
    with torch.no_grad():
        for p in operator.parameters():
            p.copy_(torch.randn_like(p) + 0.5)
    assert operator.second_moment() == pytest.approx(moment(dense(case, operator)), rel=1e-9)


def test_reset_follows_torch_seed(case: Case, operator: LinearOperator) -> None:
    def draw(seed: int | None) -> list[torch.Tensor]:
        if seed is not None:
            torch.manual_seed(seed)
        operator.reset_parameters()
        return [p.detach().clone() for p in operator.parameters()]

    first, other, again = draw(7), draw(None), draw(7)
    for a, b, c in zip(first, other, again, strict=True):
        assert torch.equal(a, c)
        # One real number is set by the gain but for its sign.
        assert a.numel() == 1 or not torch.equal(a, b)
        assert a.isfinite().all()
    if not case.trainable:
        state = torch.get_rng_state()
        operator.reset_parameters()
        case.build()
        assert torch.equal(torch.get_rng_state(), state)


def test_reset_refuses_gains(operator: LinearOperator) -> None:
    before = numbers(operator)
    for gain in (0, -1.0, float("nan"), float("inf"), "1", None, 1j, True):
        with pytest.raises(ValueError, match="gain must be a positive finite number, got"):
            operator.reset_parameters(gain)  # pyright: ignore[reportArgumentType]
    after = numbers(operator)
    assert all((before[name] == after[name]).all() for name in before)


def test_construction_draws_numbers(operator: LinearOperator) -> None:
    for p in operator.parameters():
        assert p.isfinite().all()
        assert p.abs().min() > 0


def test_fit_returns_own_numbers(case: Case, operator: LinearOperator) -> None:
    if hasattr(operator, "_project"):
        matrix = dense(case, operator)
        before = numbers(operator)
        with torch.no_grad():
            for p in operator.parameters(recurse=False):
                p.normal_()
        operator._project(matrix)
        after = numbers(operator)
        for name in before:
            close(torch.from_numpy(after[name]), torch.from_numpy(before[name]), 1e-9)
    else:
        # Numbers in which the matrix is not linear have no closed form.
        assert not case.linear or not list(operator.parameters(recurse=False))


def test_fit_leaves_an_orthogonal_residual(case: Case, operator: LinearOperator) -> None:
    if hasattr(operator, "_project"):
        own = list(operator.parameters(recurse=False))
        target = rows(operator.in_features, operator.out_features, dtype=torch.complex128)
        operator._project(target)
        residual = (operator.to_dense() - target).abs().square().sum()
        for gradient in torch.autograd.grad(residual, own):
            close(gradient, torch.zeros_like(gradient), 1e-9)
        best = residual.item()
        with torch.no_grad():
            for p in own:
                p.add_(1e-3 * torch.randn_like(p))
        assert (operator.to_dense() - target).abs().square().sum().item() > best
    else:
        # Numbers in which the matrix is not linear have no closed form.
        assert not case.linear or not list(operator.parameters(recurse=False))


def test_dtype_keyword(operator: LinearOperator) -> None:
    """Every kind that draws numbers of its own lets the caller say of which type."""
    own = list(operator.parameters(recurse=False))
    named = arguments(operator)
    assert not own or {"dtype", "device"} <= set(_signature(operator))
    if "dtype" not in named:
        return
    for dtype in (torch.float32, torch.complex64, torch.complex128, torch.bfloat16):
        other = build(operator.kind, {**named, "dtype": dtype}, "cpu")
        tensors = [*other.parameters(recurse=False), *other.buffers(recurse=False)]
        floating = [t.dtype for t in tensors if t.is_floating_point() or t.is_complex()]
        assert floating
        assert set(floating) == {dtype}


def test_default_dtype(operator: LinearOperator) -> None:
    named = arguments(operator)
    if named.pop("dtype", None) is not None:
        other = build(operator.kind, named, None)
        tensors = [*other.parameters(recurse=False), *other.buffers(recurse=False)]
        assert torch.float32 in {t.dtype for t in tensors}


def test_device_keyword(operator: LinearOperator) -> None:
    named = arguments(operator)
    own = [*operator.parameters(recurse=False), *operator.buffers(recurse=False)]
    assert not own or "device" in _signature(operator)
    if own:
        other = build(operator.kind, named, "meta")
        tensors = [*other.parameters(recurse=False), *other.buffers(recurse=False)]
        assert [t.shape for t in tensors] == [t.shape for t in own]
        assert all(t.is_meta for t in tensors)
        assert [t.dtype for t in tensors] == [t.dtype for t in own]


def _signature(operator: LinearOperator) -> set[str]:
    return set(inspect.signature(kinds.lookup(operator.kind).__init__).parameters)
