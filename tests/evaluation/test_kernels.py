"""Convolutions in one stage or two: when, and that nothing is lost."""

import itertools
from collections.abc import Callable

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.expressions import Formula, formulas
from tests.nn.support import KERNELS, kernels

from prodsumnet import operators as ops
from prodsumnet.evaluation import KernelPlan, kernel_stages, plan_kernel
from prodsumnet.evaluation.kernels import diagonal_blocks

CPU = torch.device("cpu")


def matrix(plan: KernelPlan, x: torch.Tensor) -> torch.Tensor:
    """The kernel matrix that a plan computes."""
    kernel, mixing = plan.kernels(x)
    if plan.blocks > 1:
        assert kernel.shape[1] * plan.blocks == plan.operator.in_features
        kernel = torch.block_diag(*kernel.unflatten(0, (plan.blocks, -1)))
    return kernel if mixing is None else mixing @ kernel.to(mixing.dtype)


@pytest.mark.parametrize("groups", [1, 6])
@pytest.mark.parametrize("out", [6, 30])
@pytest.mark.parametrize("name", KERNELS)
def test_stages_multiply_to_the_kernel_matrix(name: str, out: int, groups: int) -> None:
    operator = kernels(out, 6 // groups, 9)[name]()
    x = torch.zeros(1, dtype=torch.float64)
    whole = operator.to_dense(torch.float64)
    for plan in (
        kernel_stages(operator, 6, groups),
        plan_kernel(operator, 6, groups, x.dtype, CPU),
    ):
        torch.testing.assert_close(matrix(plan, x), whole)
        found = matrix(plan, x)
        if operator.num_trainable:
            found, wanted = (
                torch.autograd.grad(m.square().sum(), list(operator.parameters()))
                for m in (found, whole)
            )
            for a, b in zip(found, wanted, strict=True):
                torch.testing.assert_close(a, b)
            whole = operator.to_dense(torch.float64)
        assert plan.groups == (groups if plan.mixing is None else plan.blocks)


def test_two_stages_must_at_least_halve_the_arithmetic() -> None:
    def stages(rank: int) -> KernelPlan:
        # 40 × 60 at once, or rank × 100.
        return kernel_stages(ops.Dense(40, rank) @ ops.Dense(rank, 60), 6, 1)

    assert stages(12).macs == 1200
    assert stages(12).mixing is not None
    assert stages(13).macs == 2400
    assert stages(13).mixing is None
    assert stages(13).operator.shape == (40, 60)


def test_the_cheapest_cut_is_taken() -> None:
    def factors(*sizes: int) -> list[ops.LinearOperator]:
        return [ops.Dense(a, b) for a, b in itertools.pairwise(sizes)]

    # Cuts after 50, 2 and 30: the second is the cheapest.
    plan = kernel_stages(ops.Product(*factors(64, 50, 2, 30, 90)), 10, 1)
    assert plan.mixing.shape == (64, 2)
    assert plan.operator.shape == (2, 90)
    assert plan.macs == 2 * (64 + 90)


def test_depthwise_kernels_count_as_such() -> None:
    for depthwise in (
        ops.KhatriRao(ops.Identity(32), ops.Dense(32, 25)),
        ops.BlockDense(32, 1, 25),
        ops.kron(ops.Identity(32), ops.Dense(1, 25)),
        ops.KhatriRao(ops.Identity(32), ops.Dense(32, 6))
        @ ops.kron(ops.Identity(32), ops.Dense(6, 25)),
    ):
        plan = kernel_stages(ops.Dense(64, 32) @ depthwise, 32, 1)
        assert (plan.groups, plan.blocks) == (32, 32)
        assert plan.macs == 32 * 25 + 64 * 32
        assert plan.operator.shape == (32, 800)
    # Blocks that are not one for each channel.
    assert kernel_stages(ops.Dense(64, 16) @ ops.BlockDense(16, 1, 50), 32, 1).groups == 1
    # Blocks finer than a channel are blocks of a channel too.
    finer = ops.Dense(500, 64) @ ops.BlockDense(64, 1, 25)
    assert kernel_stages(finer, 32, 1).macs == 64 * 50 + 500 * 64


def test_a_grouped_convolution_stays_whole() -> None:
    operator = ops.Dense(32, 1) @ ops.Dense(1, 90)
    assert kernel_stages(operator, 10, 1).macs == 122
    plan = kernel_stages(operator, 20, 2)
    assert (plan.groups, plan.blocks, plan.mixing, plan.macs) == (2, 1, None, 32 * 90)


def test_every_scalar_is_kept() -> None:
    product = ops.Dense(32, 1) @ ops.Dense(1, 90)
    for scaled in (3 * product, -2 * (0.5 * product), 2j * product):
        plan = kernel_stages(scaled, 10, 1)
        assert plan.mixing is not None
        torch.testing.assert_close(matrix(plan, torch.zeros(1)), scaled.to_dense())


def test_matrices_without_numbers_follow_the_images() -> None:
    operator = ops.RandomSigns(32, 1) @ ops.RandomSigns(1, 90)
    for dtype in (torch.float32, torch.float64):
        for plan in (kernel_stages(operator, 10, 1), plan_kernel(operator, 10, 1, dtype, CPU)):
            for part in plan.kernels(torch.zeros(1, dtype=dtype)):
                assert part.dtype == dtype
    # But numbers beside them decide, as where autocast lowers the images.
    mixed = ops.Dense(32, 8) @ ops.kron(ops.Identity(8), ops.Ones(1, 3) @ ops.DCT(3) @ ops.DCT(3))
    kernel, mixing = plan_kernel(mixed, 8, 1, torch.bfloat16, CPU).kernels(torch.zeros(1))
    assert (kernel.dtype, mixing.dtype) == (torch.float32, torch.float32)


BLOCKS: dict[str, tuple[Callable[[], ops.LinearOperator], int]] = {
    "dense": (lambda: ops.Dense(6, 6), 1),
    "identity": (lambda: ops.Identity(6), 6),
    "diagonal": (lambda: ops.Diagonal(6), 6),
    "blocks": (lambda: ops.BlockDense(3, 2, 4), 3),
    "scaled": (lambda: -2 * ops.BlockDense(3, 2, 4), 3),
    "product": (lambda: ops.BlockDense(6, 1, 2) @ ops.BlockDense(4, 3, 2), 2),
    "product with a full one": (lambda: ops.BlockDense(6, 1, 2) @ ops.Dense(12, 12), 1),
    "sum": (lambda: ops.Diagonal(12) + ops.BlockDense(4, 3, 3), 4),
    "khatri-rao": (lambda: ops.KhatriRao(ops.Identity(6), ops.Dense(6, 5)), 6),
    "khatri-rao of blocks": (lambda: ops.KhatriRao(ops.BlockDense(3, 2, 4), ops.Dense(6, 5)), 3),
    "khatri-rao, dense first": (lambda: ops.KhatriRao(ops.Dense(6, 5), ops.Identity(6)), 1),
    "kronecker": (lambda: ops.kron(ops.Identity(6), ops.Dense(2, 5)), 6),
    "kronecker of two": (lambda: ops.kron(ops.Identity(3), ops.Diagonal(2), ops.Dense(2, 5)), 6),
    "kronecker with blocks": (lambda: ops.kron(ops.Identity(3), ops.BlockDense(2, 1, 2)), 6),
    "kronecker behind blocks": (lambda: ops.kron(ops.BlockDense(2, 1, 2), ops.Identity(3)), 2),
    "kronecker, dense first": (lambda: ops.kron(ops.Dense(2, 5), ops.Identity(6)), 1),
    "block-diagonal": (lambda: ops.block_diag(ops.Dense(2, 3), ops.Dense(2, 3)), 2),
    "uneven": (lambda: ops.block_diag(ops.Dense(2, 3), ops.Dense(2, 4)), 1),
    "uneven, same in all": (lambda: ops.block_diag(ops.Dense(1, 3), ops.Dense(3, 1)), 1),
}


def assert_outside_blocks_is_zero(operator: ops.LinearOperator, blocks: int) -> None:
    grid = operator.to_dense().detach().unflatten(0, (blocks, -1)).unflatten(2, (blocks, -1))
    for i in range(blocks):
        for j in range(blocks):
            assert i == j or not grid[i, :, j].any()


@pytest.mark.parametrize("name", BLOCKS)
def test_blocks_are_seen_by_structure(name: str) -> None:
    build, blocks = BLOCKS[name]
    operator = build()
    assert diagonal_blocks(operator) == blocks
    assert_outside_blocks_is_zero(operator, blocks)


@given(formula=formulas(), rows=st.integers(1, 3), columns=st.integers(1, 3), after=st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_blocks_are_never_seen_where_there_are_none(
    formula: Formula, rows: int, columns: int, after: bool
) -> None:
    part, free = formula.operator, ops.Dense(rows, columns, dtype=torch.float64)
    for operator in (
        part,
        ops.kron(part, free),
        ops.kron(free, part),
        part @ part.H + part @ part.H,
    ):
        assert_outside_blocks_is_zero(operator, diagonal_blocks(operator))
    if after and part.out_features == part.in_features:
        operator = ops.Diagonal(part.out_features, dtype=torch.float64) @ part
        assert_outside_blocks_is_zero(operator, diagonal_blocks(operator))
