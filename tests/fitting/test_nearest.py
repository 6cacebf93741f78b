"""What every fit keeps to, whatever the expression."""

import copy
import math

import pytest
import torch
from hypothesis import given
from tests.contract.expressions import Formula, formulas
from tests.contract.test_expressions import oracle, repeat

import prodsumnet as psn
from prodsumnet import families
from prodsumnet import operators as ops
from prodsumnet.fitting import Fit, Metric, fit

WIDE = {"dtype": torch.float64}


def draw(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def distance(operator: ops.LinearOperator, target: torch.Tensor) -> float:
    """The relative error in the Frobenius norm, from the matrix that the operator is applied as."""
    basis = torch.eye(operator.in_features, dtype=operator.dtype or torch.float64)
    difference = operator(basis).mT.to(torch.complex128) - target
    return difference.norm().item() / target.norm().item()


@repeat(60)
@given(formulas())
def test_never_ends_worse_and_repeats_itself(formula: Formula) -> None:
    operator, twin = formula.operator, copy.deepcopy(formula.operator)
    complex_ = operator.dtype is not None and operator.dtype.is_complex
    target = draw(*operator.shape, dtype=torch.complex128 if complex_ else torch.float64)
    before = (oracle(formula) - target).norm().item() / target.norm().item()
    state = torch.get_rng_state()
    found = fit(operator, target, max_iterations=3)
    assert torch.equal(torch.get_rng_state(), state)
    after = (oracle(formula) - target).norm().item() / target.norm().item()
    assert after <= before * (1 + 1e-12)
    assert found.error == pytest.approx(after, rel=1e-9, abs=1e-12)
    assert found.errors[0] == pytest.approx(before, rel=1e-9)
    assert list(found.errors) == sorted(found.errors, reverse=True)
    assert fit(twin, target, max_iterations=3) == found
    for ours, theirs in zip(operator.parameters(), twin.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@repeat(60)
@given(formulas(depth=2, side=4))
def test_never_ends_worse_in_a_metric(formula: Formula) -> None:
    operator = formula.operator
    out, in_ = operator.shape
    left, right = draw(out, out, seed=1), draw(in_, max(1, in_ - 1), seed=2)
    metric = Metric(left @ left.mT, right @ right.mT)
    target = draw(out, in_)

    def error() -> float:
        difference = oracle(formula).to(torch.complex128) - target
        return (
            (left.mT.to(torch.complex128) @ difference @ right.to(torch.complex128)).norm().item()
        )

    before = error()
    found = fit(operator, target, metric, max_iterations=3)
    scale = (left.mT @ target @ right).norm().item()
    assert error() <= before * (1 + 1e-9)
    assert found.error == pytest.approx(error() / scale, rel=1e-7, abs=1e-9)


def test_the_optimum_is_left_where_it_is() -> None:
    operator = ops.Dense(3, 4, **WIDE) @ ops.Circulant(4, **WIDE)
    target = operator.to_dense().detach().clone()
    found = fit(operator, target)
    assert found == Fit(0.0, (0.0,), True, "unchanged")
    assert torch.equal(operator.to_dense(), target)


def test_shared_factors() -> None:
    factor = ops.Dense(5, 3, **WIDE)
    gram = factor @ factor.H
    other = draw(5, 3, seed=4)
    assert fit(gram, other @ other.mT).error < 1e-10
    twice = factor.H + ops.Dense(3, 4, **WIDE) @ ops.Dense(4, 3, **WIDE) @ factor.H
    assert fit(twice, draw(3, 5)).error < 1e-8


def test_numbers_in_which_nothing_is_linear() -> None:
    truth = ops.Phases(6, **WIDE) @ ops.DFT(6) @ ops.Phases(6, **WIDE)
    operator = ops.Phases(6, **WIDE) @ ops.DFT(6) @ ops.Phases(6, **WIDE)
    assert fit(operator, truth.to_dense().detach(), restarts=3).error < 1e-8


def test_zeros_are_no_trap() -> None:
    operator = ops.Dense(4, 3, **WIDE) @ ops.Circulant(3, **WIDE) @ ops.Dense(3, 4, **WIDE)
    with torch.no_grad():
        for parameter in operator.parameters():
            parameter.zero_()
    found = fit(operator, draw(4, 3) @ draw(3, 4, seed=1))
    assert found.errors[0] == 1
    assert found.error < 1e-6


def test_what_is_not_a_number_is_replaced() -> None:
    operator = ops.Dense(4, 3, **WIDE) @ ops.Circulant(3, **WIDE) @ ops.Dense(3, 4, **WIDE)
    with torch.no_grad():
        operator.factors[1].weight.fill_(math.nan)
    found = fit(operator, draw(4, 3) @ draw(3, 4, seed=1))
    assert found.errors[0] == math.inf
    assert found.error < 1e-6


def test_frozen_parameters_stay() -> None:
    left, right = ops.Dense(4, 2, **WIDE), ops.Dense(2, 5, **WIDE)
    left.weight.requires_grad_(False)
    kept, target = left.weight.clone(), draw(4, 5)
    fit(left @ right, target)
    assert torch.equal(left.weight, kept)
    torch.testing.assert_close(right.weight.data, torch.linalg.lstsq(kept, target).solution)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_arithmetic_is_wide_and_the_type_stays(dtype: torch.dtype) -> None:
    operator = ops.LowRank(6, 5, 2, dtype=dtype)
    target = draw(6, 5)
    found = fit(operator, target)
    values = torch.linalg.svdvals(target)
    best = (values[2:].square().sum().sqrt() / values.norm()).item()
    assert operator.dtype is dtype
    assert found.errors[-1] == pytest.approx(best, rel=1e-12)
    assert found.error == pytest.approx(best, rel=4 * torch.finfo(dtype).eps)


def test_a_rounding_that_makes_it_worse_is_undone() -> None:
    operator = ops.Dense(1, 1, dtype=torch.bfloat16)
    with torch.no_grad():
        operator.weight.fill_(1.0)
    huge = torch.full((1, 1), 3.4e38, dtype=torch.float64) * 2
    assert fit(operator, huge).method == "unchanged"
    assert operator.weight.item() == 1


def test_an_interrupted_fit_leaves_the_numbers_as_they_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    operator = ops.Circulant(4, **WIDE) @ ops.Banded(4, 4, 1, 1, **WIDE)
    kept = [parameter.detach().clone() for parameter in operator.parameters()]
    seen = []

    def interrupted(objective: object, *_: object) -> None:
        with torch.no_grad():
            for parameter in objective.operator.parameters():  # pyright: ignore
                parameter.add_(1.0)
        seen.append(objective)
        raise KeyboardInterrupt

    monkeypatch.setattr("prodsumnet.fitting.search.refine", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fit(operator, draw(4, 4))
    assert seen
    for parameter, before in zip(operator.parameters(), kept, strict=True):
        assert torch.equal(parameter, before)


def test_more_starts_are_no_worse_and_follow_the_seed() -> None:
    def operator() -> ops.LinearOperator:
        torch.manual_seed(5)
        return (
            ops.Circulant(6, **WIDE) @ ops.Banded(6, 6, 1, 1, **WIDE) @ ops.Toeplitz(6, 6, **WIDE)
        )

    target = draw(6, 6)
    alone = fit(operator(), target, max_iterations=10)
    found = [fit(operator(), target, restarts=3, seed=s, max_iterations=10) for s in (0, 0, 1)]
    assert found[0].error <= alone.error
    assert found[0] == found[1] != found[2]


def test_no_polish_means_sweeps_alone() -> None:
    operator = ops.Phases(4, **WIDE) @ ops.Dense(4, 4, dtype=torch.complex128)
    found = fit(operator, draw(4, 4, dtype=torch.complex128), polish=False)
    assert found.error < 1e-10
    assert found.converged


def test_no_iterations_means_closed_forms_alone() -> None:
    target = draw(4, 4)
    operator = ops.Circulant(4, **WIDE) @ ops.Dense(4, 4, **WIDE)
    assert fit(operator, target, max_iterations=0).method == "unchanged"
    assert fit(ops.Circulant(4, **WIDE), target, max_iterations=0).method == "projection"


def test_no_iterations_means_no_sweeps_of_tensor_trains() -> None:
    target = draw(16, 24)
    errors = []
    for iterations in (0, 20):
        operator = families.build("tensor-train", 16, 24, 150, **WIDE)
        errors.append(fit(operator, target, max_iterations=iterations, polish=False).error)
    # Oseledets 2011: at most the root of the number of ranks times the least there is.
    assert errors[1] < errors[0] < 2**0.5 * errors[1]


def test_nothing_to_fit() -> None:
    found = psn.fit(ops.DCT(4), torch.eye(4))
    assert found.converged
    assert found.iterations == 0
    assert found.error == pytest.approx(distance(ops.DCT(4), torch.eye(4, dtype=torch.float64)))


def test_zero_target() -> None:
    operator = ops.Dense(3, 2, **WIDE) @ ops.Dense(2, 3, **WIDE) @ ops.Circulant(3, **WIDE)
    assert fit(operator, torch.zeros(3, 3)).error < 1e-8


def test_many_numbers_are_polished_by_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prodsumnet.fitting.steps._LARGEST_JACOBIAN", 0)

    def build() -> ops.LinearOperator:
        return ops.Phases(4, **WIDE) @ ops.DFT(4) @ ops.Diagonal(4, **WIDE)

    torch.manual_seed(0)
    truth, operator = build().to_dense().detach(), build()
    found = fit(operator, truth, restarts=4)
    assert found.error == pytest.approx(distance(operator, truth), abs=1e-12)
    assert found.error < 1e-5
    # Sweeps alone improve what the matrix is linear in, by conjugate gradients.
    leaf = ops.Circulant(6, **WIDE) + ops.Banded(6, 6, 1, 1, **WIDE)
    other = ops.Circulant(6, **WIDE) + ops.Banded(6, 6, 1, 1, **WIDE)
    assert fit(leaf, other.to_dense().detach()).error < 1e-9


def test_misuse() -> None:
    operator, good = ops.Dense(2, 3), torch.zeros(2, 3)
    bad = good.clone()
    bad[0, 0] = math.nan
    wrong = [
        ((operator, bad), {}, ValueError, "1 of its numbers are not"),
        ((operator, good.T), {}, ValueError, r"2×3 operator must be of that shape, got \(3, 2\)"),
        ((operator, good.long()), {}, TypeError, "torch.int64"),
        ((operator, [[1.0]]), {}, TypeError, "must be a tensor, got list"),
        ((torch.nn.Linear(3, 2), good), {}, TypeError, "LinearOperator"),
        ((operator, good, "fisher"), {}, TypeError, "Metric or None, got str"),
        ((operator, good, Metric(right=torch.eye(2))), {}, ValueError, "right .* must be 3×3"),
        ((operator, good), {"restarts": -1}, ValueError, "restarts"),
        ((operator, good), {"seed": 0.5}, TypeError, "seed"),
        ((operator, good), {"max_iterations": -1}, ValueError, "max_iterations"),
        ((operator, good), {"tolerance": 1.0}, ValueError, "tolerance"),
    ]
    for arguments, keywords, error, message in wrong:
        with pytest.raises(error, match=message):
            fit(*arguments, **keywords)
