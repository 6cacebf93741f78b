"""Closed forms against numpy, scipy and tensorly."""

import numpy as np
import pytest
import tensorly
import torch
from tensorly.decomposition import parafac, tensor_train_matrix
from tensorly.decomposition import tucker as tensorly_tucker
from tests.fitting.test_nearest import distance, draw

from prodsumnet import families
from prodsumnet import operators as ops
from prodsumnet.fitting import Fit, fit

WIDE = {"dtype": torch.float64}
COMPLEX = {"dtype": torch.complex128}


def closed(operator: ops.LinearOperator, target: torch.Tensor) -> Fit:
    """The closed form alone."""
    found = fit(operator, target, max_iterations=0)
    assert found.error == pytest.approx(distance(operator, target), rel=1e-9)
    return found


def tail(matrix: torch.Tensor, rank: int) -> float:
    """The relative error of the nearest matrix of a rank."""
    values = np.linalg.svd(matrix.numpy(), compute_uv=False)
    return float(np.linalg.norm(values[rank:]) / np.linalg.norm(values))


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_projections(dtype: torch.dtype) -> None:
    target = draw(5, 7, dtype=dtype)
    for operator in (
        ops.Toeplitz(5, 7, dtype=dtype),
        3 * ops.Toeplitz(5, 7, dtype=dtype),
        ops.Toeplitz(7, 5, dtype=dtype).H,
        ops.Toeplitz(7, 5, dtype=dtype).T,
    ):
        found = closed(operator, target)
        means = sum(np.eye(5, 7, k) * target.numpy().diagonal(k).mean() for k in range(-4, 7))
        assert (found.method, found.converged) == ("projection", True)
        np.testing.assert_allclose(operator.to_dense().detach(), means, atol=1e-12)


def test_behind_fixed_operators() -> None:
    target = draw(8, 8)
    inner = ops.Diagonal(8, **WIDE)
    found = closed(ops.DCT(8).H @ inner @ ops.Hadamard(8) @ ops.SignDiagonal(8, 1), target)
    middle = (
        ops.DCT(8).to_dense(torch.float64)
        @ target
        @ (ops.Hadamard(8) @ ops.SignDiagonal(8, 1)).to_dense(torch.float64).mT
    )
    assert found.converged
    torch.testing.assert_close(inner.weight.data, middle.diagonal())
    inner = ops.Circulant(8, **WIDE)
    assert closed(inner + ops.Ones(8, 8) - ops.Identity(8), target).method == "projection"
    alone = ops.Circulant(8, **WIDE)
    fit(alone, target - 1 + torch.eye(8, dtype=torch.float64))
    torch.testing.assert_close(inner.weight, alone.weight)


def test_blocks_that_share_nothing() -> None:
    target = draw(6, 7)
    parts = [ops.LowRank(3, 4, 1, **WIDE), ops.Toeplitz(3, 3, **WIDE)]
    found = closed(ops.block_diag(*parts), target)
    assert found.method == "low-rank and projection"
    assert found.converged
    assert distance(parts[0], target[:3, :4]) == pytest.approx(tail(target[:3, :4], 1))
    left, right = ops.LowRank(6, 3, 1, **WIDE), ops.LowRank(6, 4, 2, **WIDE)
    closed(ops.hstack(left, right), target)
    assert distance(right, target[:, 3:]) == pytest.approx(tail(target[:, 3:], 2))
    low, fixed = ops.LowRank(4, 7, 2, **WIDE), ops.Ones(2, 7)
    closed(ops.vstack(fixed, low), target)
    assert distance(low, target[2:]) == pytest.approx(tail(target[2:], 2))
    nested = ops.vstack(ops.Circulant(7, **WIDE) @ ops.Circulant(7, **WIDE), low)
    assert fit(nested, draw(11, 7), max_iterations=0).method == "unchanged"


def test_equal_blocks_are_averaged() -> None:
    inner, target = ops.LowRank(3, 2, 1, **WIDE), draw(12, 8)
    found = closed(ops.kron(ops.Identity(2), inner, ops.Identity(2)), target)
    blocks = target.reshape(2, 3, 2, 2, 2, 2)
    mean = torch.stack([blocks[i, :, k, i, :, k] for i in range(2) for k in range(2)]).mean(0)
    assert found.converged
    assert distance(inner, mean) == pytest.approx(tail(mean, 1))


@pytest.mark.parametrize("options", [WIDE, COMPLEX], ids=["real", "complex"])
def test_low_rank(options: dict) -> None:
    target = draw(6, 5, dtype=options["dtype"])
    for operator in (
        ops.LowRank(6, 5, 2, **options),
        ops.Dense(2, 6, **options).T @ ops.Dense(2, 5, **options),
        ops.Dense(6, 2, **options) @ ops.Permutation(2, 1) @ ops.Dense(2, 5, **options),
        ops.Dense(6, 3, **options) @ ops.Dense(3, 2, **options) @ ops.Dense(2, 5, **options),
    ):
        assert closed(operator, target).error == pytest.approx(tail(target, 2))
    # More than full rank.
    wide = ops.Dense(6, 8, **options) @ ops.Dense(8, 5, **options)
    assert closed(wide, target).error < 1e-13


def test_real_factors_fit_the_real_part() -> None:
    target = draw(6, 6, dtype=torch.complex128)
    for operator, error in (
        (ops.LowRank(6, 6, 2, **WIDE), tail(target.real, 2)),
        (
            ops.BlockDense(3, 2, 3, **WIDE)
            @ ops.Permutation(9, 2)
            @ ops.BlockDense(3, 3, 2, **WIDE),
            None,
        ),
        (ops.kron(ops.Dense(2, 3, **WIDE), ops.Dense(3, 2, **WIDE)), None),
        (families.build("cp", 6, 6, 30, **WIDE), None),
        (families.build("tucker", 6, 6, 30, **WIDE), None),
        (families.build("tensor-train", 6, 6, 30, **WIDE), None),
    ):
        found = closed(operator, target)
        same = closed(operator, target.real)
        rest = target.imag.norm().item() ** 2
        whole = target.norm().item() ** 2
        real = (same.error * target.real.norm().item()) ** 2
        assert found.error == pytest.approx(((real + rest) / whole) ** 0.5, rel=1e-9)
        if error is not None:
            assert same.error == pytest.approx(error)


def test_mixed_types_have_no_closed_form() -> None:
    target = draw(6, 6, dtype=torch.complex128)
    for operator in (
        ops.Dense(6, 2, **WIDE) @ ops.Dense(2, 6, **COMPLEX),
        ops.kron(ops.Dense(2, 3, **WIDE), ops.Dense(3, 2, **COMPLEX)),
        ops.Dense(2, 6, **WIDE).T
        @ ops.KhatriRao(ops.Dense(2, 3, **WIDE), ops.Dense(2, 2, **COMPLEX)),
    ):
        assert fit(operator, target, max_iterations=0).method == "unchanged"
        assert fit(operator, target).error < 1


@pytest.mark.parametrize("options", [WIDE, COMPLEX], ids=["real", "complex"])
def test_kronecker_products(options: dict) -> None:
    target = draw(6, 8, dtype=options["dtype"])
    tensor = target.reshape(2, 3, 4, 2).transpose(1, 2).reshape(8, 6)

    def term() -> ops.LinearOperator:
        return ops.kron(ops.Dense(2, 4, **options), ops.Dense(3, 2, **options))

    assert closed(term(), target).error == pytest.approx(tail(tensor, 1))
    assert closed(term() + term(), target).error == pytest.approx(tail(tensor, 2))
    stacked = ops.stacked_kronecker_sum(ops.Dense(2, 12, **options), ops.Dense(9, 2, **options), 3)
    assert closed(stacked, target).error == pytest.approx(tail(tensor, 3))
    pairs = [(ops.Dense(2, 4, **options), ops.Dense(3, 2, **options)) for _ in range(2)]
    found = closed(ops.kronecker_sum(pairs), target)
    assert found.error == pytest.approx(tail(tensor, 2))
    assert found.method == "kronecker"


def test_products_of_three_are_canonical() -> None:
    shapes = [(2, 3), (2, 2), (3, 2)]
    operator = ops.kron(*(ops.Dense(*shape, **WIDE) for shape in shapes))
    truth = ops.kron(*(ops.Dense(*shape, **WIDE) for shape in shapes))
    assert closed(operator, truth.to_dense().detach()).error < 1e-8
    assert closed(operator, draw(12, 12)).method == "kronecker"


def test_monarch_by_hand() -> None:
    """Blocks of rank one (Dao et al. 2022)."""
    target = draw(12, 12)
    operator = (
        ops.AxisPermutation((3, 4), (1, 0))
        @ ops.BlockDense(3, 4, 4, **WIDE)
        @ ops.AxisPermutation((4, 3), (1, 0))
        @ ops.BlockDense(4, 3, 3, **WIDE)
    )
    blocks = target.reshape(4, 3, 4, 3)
    rest = 0.0
    for i in range(3):
        for j in range(4):
            rest += (
                np.linalg.svd(blocks[:, i, j].numpy(), compute_uv=False)[1:]
                @ np.linalg.svd(blocks[:, i, j].numpy(), compute_uv=False)[1:]
            )
    found = closed(operator, target)
    assert found.converged
    assert found.error == pytest.approx(rest**0.5 / target.norm().item())


@pytest.mark.parametrize("name", ["monarch", "block-tensor-train", "deformable-butterfly"])
@pytest.mark.parametrize("shape", [(12, 18), (13, 7)], ids=str)
def test_no_step_improves_two_fixed_supports(name: str, shape: tuple[int, int]) -> None:
    operator = families.build(name, *shape, shape[0] * shape[1] // 2, **WIDE)
    target = draw(*shape)
    found = closed(operator, target)
    assert found.method == "fixed-supports"
    if found.converged:
        gradients = torch.autograd.grad(
            (operator.to_dense() - target).square().sum(), list(operator.parameters())
        )
        assert max(g.abs().max().item() for g in gradients) < 1e-12


def test_supports_that_meet_have_no_closed_form() -> None:
    operator = ops.Banded(6, 6, 1, 1, **WIDE) @ ops.Banded(6, 6, 1, 1, **WIDE)
    assert fit(operator, draw(6, 6), max_iterations=0).method == "unchanged"
    # Each number in its place, but conjugated.
    turned = ops.BlockDense(3, 2, 2, **COMPLEX).H
    operator = turned @ ops.Permutation(6, 1) @ ops.BlockDense(3, 2, 2, **COMPLEX)
    assert fit(operator, draw(6, 6), max_iterations=0).method == "unchanged"


@pytest.mark.parametrize("options", [WIDE, COMPLEX], ids=["real", "complex"])
@pytest.mark.filterwarnings("ignore:Trying to compute SVD:UserWarning")
def test_decompositions_are_no_worse_than_tensorly_s(options: dict) -> None:
    torch.manual_seed(0)
    target = draw(16, 16, dtype=options["dtype"])
    tensor = target.reshape(4, 4, 4, 4).numpy()
    whole = np.linalg.norm(tensor)

    tucker = families.build("tucker", 16, 16, 150, **WIDE).to(options["dtype"])
    ranks = [
        leaf.shape[0] for side in (tucker.factors[0].operator, tucker.factors[2]) for leaf in side
    ]
    theirs = tensorly_tucker(tensor, ranks, n_iter_max=200, tol=1e-9)
    error = np.linalg.norm(tensorly.tucker_to_tensor(theirs) - tensor) / whole
    assert closed(tucker, target).method == "tucker"
    assert closed(tucker, target).error <= error * (1 + 1e-4)

    cp = families.build("cp", 16, 16, 96, **WIDE).to(options["dtype"])
    theirs = parafac(tensor, 6, n_iter_max=200, init="svd", tol=1e-9, random_state=0)
    error = np.linalg.norm(tensorly.cp_to_tensor(theirs) - tensor) / whole
    # Both end in local minima, which random vectors decide between.
    assert closed(cp, target).method == "cp"
    assert fit(cp, target, restarts=2).error <= error * 1.02

    train = families.build("tensor-train", 18, 12, 110, **WIDE).to(options["dtype"])
    target = draw(18, 12, dtype=options["dtype"])
    assert closed(train, target).method == "tensor-train"


def test_tensor_trains_are_no_worse_than_tensorly_s() -> None:
    target = draw(27, 8)
    train = families.build("tensor-train", 27, 8, 100, **WIDE)
    cores = [next(iter(factor.parameters())) for factor in reversed(list(train))]
    ranks = [1, cores[0].shape[0] // 3, cores[2].shape[1] // 2, 1]
    theirs = tensor_train_matrix(target.reshape(3, 3, 3, 2, 2, 2).numpy(), ranks)
    error = np.linalg.norm(tensorly.tt_matrix_to_matrix(theirs) - target.numpy())
    assert closed(train, target).error <= error / target.norm().item() * (1 + 1e-9)


def test_ranks_beyond_need() -> None:
    core = ops.kron(ops.Dense(2 * 9, 3, **WIDE), ops.Identity(2))
    last = ops.kron(ops.Identity(2), ops.Dense(2, 9 * 2, **WIDE))
    assert closed(last @ core, draw(4, 6)).error < 1e-13
    middle = ops.kron(ops.Identity(2), ops.Dense(2 * 1, 9 * 2, **WIDE), ops.Identity(2))
    end = ops.kron(ops.Identity(4), ops.Dense(2, 1 * 2, **WIDE))
    first = ops.kron(ops.Dense(2 * 9, 2, **WIDE), ops.Identity(4))
    assert closed(end @ middle @ first, draw(8, 8)).method == "tensor-train"


def test_padded_structures() -> None:
    """Of which a part is wanted: what the padding holds is free."""
    torch.manual_seed(0)
    operator = families.build("kronecker-sum", 13, 11, 90, **WIDE)
    assert isinstance(operator, ops.Product)
    target = draw(13, 11)
    start, full = closed(operator, target), fit(operator, target)
    assert (start.method, start.converged) == ("kronecker", False)
    assert full.error <= start.error < 0.95
