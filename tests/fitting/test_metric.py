"""Fits in a metric, against weighted least squares by numpy."""

import numpy as np
import pytest
import torch
from tests.fitting.test_nearest import draw

from prodsumnet import operators as ops
from prodsumnet.fitting import Metric, fit

WIDE = {"dtype": torch.float64}


def weights(out: int, in_: int) -> tuple[torch.Tensor, torch.Tensor]:
    left, right = draw(out, out, seed=1), draw(in_, in_, seed=2)
    return left @ left.mT, right @ right.mT


def error(w: torch.Tensor, t: torch.Tensor, metric: Metric) -> float:
    left = torch.eye(len(t), dtype=t.dtype) if metric.left is None else metric.left
    right = torch.eye(t.shape[1], dtype=t.dtype) if metric.right is None else metric.right

    def square(x: torch.Tensor) -> float:
        return torch.trace(left @ x @ right @ x.mH).real.item()

    return (square(w - t) / square(t)) ** 0.5


@pytest.mark.parametrize("sides", ["left", "right", "both"])
def test_linear_leaves_are_weighted_least_squares(sides: str) -> None:
    left, right = weights(4, 5)
    metric = Metric(left if sides != "right" else None, right if sides != "left" else None)
    target, operator = draw(4, 5), ops.Toeplitz(4, 5, **WIDE)
    found = fit(operator, target, metric)
    a = np.linalg.cholesky(left.numpy()).T if metric.left is not None else np.eye(4)
    b = np.linalg.cholesky(right.numpy()) if metric.right is not None else np.eye(5)
    basis = [np.eye(4, 5, k) for k in range(-3, 5)]
    columns = np.stack([(a @ e @ b).ravel() for e in basis], 1)
    goal = a @ target.numpy() @ b
    rest = goal.ravel() - columns @ np.linalg.lstsq(columns, goal.ravel(), rcond=None)[0]
    assert found.error == pytest.approx(np.linalg.norm(rest) / np.linalg.norm(goal), rel=1e-9)
    assert found.error == pytest.approx(error(operator.to_dense().detach(), target, metric))
    assert found.converged


@pytest.mark.parametrize("turn", ["plain", "transposed", "adjoint", "rotated", "scaled"])
def test_low_rank_is_the_best_of_its_rank(turn: str) -> None:
    left, right = weights(6, 5)
    metric, target = Metric(left, right), draw(6, 5)
    plain, turned = ops.LowRank(6, 5, 2, **WIDE), ops.LowRank(5, 6, 2, **WIDE)
    operator = {
        "plain": plain,
        "transposed": turned.T,
        "adjoint": turned.H,
        "rotated": ops.DCT(6) @ plain @ ops.Permutation(5, 3),
        "scaled": -2 * plain,
    }[turn]
    found = fit(operator, target, metric)
    a, b = (np.linalg.cholesky(w.numpy()) for w in (left, right))
    values = np.linalg.svd(a.T @ target.numpy() @ b, compute_uv=False)
    best = np.linalg.norm(values[2:]) / np.linalg.norm(values)
    assert found.method == "low-rank"
    assert found.error == pytest.approx(best, rel=1e-8)
    assert error(operator.to_dense().detach(), target, metric) == pytest.approx(best, rel=1e-8)


def test_singular_weights() -> None:
    inputs = draw(5, 2, seed=3)
    found = fit(ops.LowRank(6, 5, 2, **WIDE), draw(6, 5), Metric(right=inputs @ inputs.mT))
    assert found.error < 1e-7


def test_a_metric_is_worth_it() -> None:
    left, right = weights(8, 9)
    metric, target = Metric(left, right), draw(8, 9)
    for make in (
        lambda: ops.kron(ops.Dense(2, 3, **WIDE), ops.Dense(4, 3, **WIDE)),
        lambda: (
            ops.BlockDense(2, 4, 4, **WIDE) @ ops.Dense(8, 9, **WIDE) + ops.LowRank(8, 9, 1, **WIDE)
        ),
        lambda: ops.LowRank(8, 9, 2, **WIDE),
        lambda: ops.zero_pad(8, 4) @ ops.Dense(4, 9, **WIDE),
    ):
        plain, weighted = make(), make()
        fit(plain, target)
        found = fit(weighted, target, metric)
        assert found.error <= error(plain.to_dense().detach(), target, metric) + 1e-12


def test_complex_metrics() -> None:
    root = draw(4, 4, seed=1, dtype=torch.complex128)
    metric, target = Metric(root @ root.mH), draw(4, 6, dtype=torch.complex128)
    operator = ops.LowRank(4, 6, 2, dtype=torch.complex128)
    found = fit(operator, target, metric, max_iterations=200, tolerance=1e-10)
    values = torch.linalg.svdvals(root.mH @ target)
    assert found.error == pytest.approx((values[2:].norm() / values.norm()).item(), rel=1e-4)
    assert found.error == pytest.approx(error(operator.to_dense().detach(), target, metric))


@pytest.mark.parametrize(
    ("matrix", "kind", "message"),
    [
        (torch.eye(3).long(), TypeError, "int64"),
        ([[1.0]], TypeError, "left of a metric"),
        (torch.ones(2, 3), ValueError, r"square matrix, got shape \(2, 3\)"),
        (torch.ones(2), ValueError, "square"),
        (torch.full((2, 2), torch.inf), ValueError, "not finite"),
        (torch.tensor([[1.0, 2.0], [0.0, 1.0]]), ValueError, "Hermitian, it is off by 2"),
    ],
)
def test_what_is_no_metric(matrix: object, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        Metric(left=matrix)  # pyright: ignore[reportArgumentType]
