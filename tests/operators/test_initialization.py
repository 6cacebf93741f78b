"""The gain that `reset_parameters` promises, in the corners."""

import math

import pytest
import torch

from prodsumnet.operators import (
    DCT,
    Basis,
    Circulant,
    Dense,
    Diagonal,
    Hadamard,
    Identity,
    LinearOperator,
    LowRank,
    RandomSigns,
    Zero,
    initialization,
    kron,
)


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(3)


def exact(operator: LinearOperator) -> float:
    return operator.to_dense().double().square().sum().item() / operator.out_features


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision(dtype: torch.dtype) -> None:
    for operator in (
        Dense(40, 30, dtype=dtype),
        LowRank(40, 30, 4, dtype=dtype),
        Dense(40, 30, dtype=dtype) + LowRank(40, 30, 4, dtype=dtype),
    ):
        operator.reset_parameters(0.3)
        assert exact(operator) == pytest.approx(0.09, rel=0.04)


def test_half_precision_does_not_overflow() -> None:
    operator = Circulant(300_000, dtype=torch.float16)
    assert operator.second_moment() == pytest.approx(1.0, rel=0.01)


def test_numbers_stay_as_drawn_where_fixed_terms_exceed_the_gain() -> None:
    operator = Identity(50) + Dense(50, 50)
    torch.manual_seed(11)
    operator._reset(0.5)
    drawn = [p.detach().clone() for p in operator.parameters()]
    torch.manual_seed(11)
    operator.reset_parameters(0.5)
    for p, expected in zip(operator.parameters(), drawn, strict=True):
        assert torch.equal(p, expected)


def test_fixed_terms_below_the_gain_are_completed() -> None:
    operator = Identity(50) + Dense(50, 50)
    operator.reset_parameters(3.0)
    assert exact(operator) == pytest.approx(9.0, rel=1e-5)


@pytest.mark.parametrize("gain", [1e-3, 0.5, 40.0])
def test_uneven_powers_of_shared_numbers(gain: float) -> None:
    a = Dense(6, 6, dtype=torch.float64)
    for operator in (a @ a + a, a.T @ a - a, kron(a, a) @ kron(a, Identity(6)), a + a.T):
        operator.reset_parameters(gain)
        assert exact(operator) == pytest.approx(gain**2, rel=1e-5)


def test_every_path_is_scaled() -> None:
    """A fixed term beside the first factor's numbers must not stop the rest."""
    operator = (8 * Identity(6) + Dense(6, 6)).double() @ Dense(6, 6).double()
    operator.reset_parameters(0.1)
    assert exact(operator) == pytest.approx(0.01, rel=1e-5)


def test_factors_stay_balanced() -> None:
    operator = Dense(20, 30) @ Dense(30, 40) @ Dense(40, 10)
    operator.reset_parameters(1e-3)
    moments = [factor.second_moment() for factor in operator]
    assert max(moments) < 1.01 * min(moments)


def test_terms_share_the_variance_by_their_numbers() -> None:
    operator = Dense(30, 30) + Circulant(30) + Diagonal(30) + RandomSigns(30, 30) / 2
    operator.reset_parameters(2.0)
    moments = [term.second_moment() for term in operator]
    assert moments[3] == pytest.approx(0.25)
    shares = [(4 - 0.25) * numbers / 960 for numbers in (900, 30, 30)]
    assert moments[:3] == pytest.approx(shares, rel=0.3)


def test_cancelling_terms_are_left_alone() -> None:
    a = Dense(4, 4)
    for operator in (a - a, Zero(4, 4) @ a):
        operator.reset_parameters()
        assert 0.1 < a.second_moment() < 10
        assert operator.second_moment() == 0


def test_large_operators_are_estimated() -> None:
    n = 2048
    operator = Diagonal(n, dtype=torch.float64) @ Hadamard(n)
    operator.reset_parameters(0.5)
    d = operator.get_parameter("factors.0.weight")
    assert d.square().mean().item() == pytest.approx(0.25, rel=0.01)
    assert operator.second_moment() == pytest.approx(0.25, rel=1e-5)


def test_estimates_do_not_depend_on_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    operator = Diagonal(1025, dtype=torch.float64) @ DCT(1025)
    whole = operator.second_moment()
    monkeypatch.setattr(initialization, "_CHUNK_NUMBERS", 100 * 1025)
    assert operator.second_moment() == pytest.approx(whole, rel=1e-12)
    assert whole == pytest.approx(operator.to_dense().square().sum().item() / 1025, rel=0.01)


@pytest.mark.parametrize(("limit", "value"), [("_NUMBERS", 9e3), ("_BYTES", 2e5), ("_FLOPS", 1e5)])
def test_costly_moments_are_estimated_from_fewer_vectors(
    monkeypatch: pytest.MonkeyPatch, limit: str, value: float
) -> None:
    wide = Dense(50, 400, dtype=torch.float64) @ Dense(400, 60, dtype=torch.float64)
    exactly = wide.second_moment()
    assert exactly == pytest.approx(exact(wide), rel=1e-12)
    monkeypatch.setattr(initialization, limit, value)
    seen = []
    apply = wide._matvec
    monkeypatch.setattr(type(wide), "_matvec", lambda self, x: seen.append(len(x)) or apply(x))
    estimated = wide.second_moment()
    assert 32 <= sum(seen) < 1024
    assert estimated != exactly
    assert estimated == pytest.approx(exactly, rel=0.15)


def test_numbers_that_cancel_are_drawn_again() -> None:
    for seed in range(10):
        torch.manual_seed(seed)
        operator = Dense(1, 1, dtype=torch.float64) + Dense(1, 1, dtype=torch.float64)
        operator.reset_parameters(2.0)
        assert exact(operator) == pytest.approx(4.0)


def test_basis_does_not_redraw_the_numbers_of_its_terms() -> None:
    a = Dense(3, 3)
    before = a.weight.detach().clone()
    basis = Basis(a, Identity(3))
    assert torch.equal(a.weight, before)
    basis.reset_parameters()
    assert not torch.equal(a.weight, before)
    assert exact(basis) == pytest.approx(1.0, rel=1e-5)


def test_calibration_gives_up_on_an_operator_that_does_not_follow() -> None:
    class Stubborn(Dense):
        def _rescale(self, factor: float) -> None:
            pass

        def _reset(self, gain: float) -> None:
            self.weight.fill_(1.0)

    operator = Stubborn(3, 3)
    operator.reset_parameters(0.1)
    assert torch.equal(operator.weight, torch.ones(3, 3))


def test_jagged_moments_end_at_the_best_found() -> None:
    class Steps(Dense):
        def second_moment(self) -> float:
            return 4.0 ** round(math.log(super().second_moment(), 4))

    operator = Steps(3, 3, dtype=torch.float64)
    operator.reset_parameters(1.4)
    assert operator.second_moment() in (1.0, 4.0)
    assert operator.weight.isfinite().all()
