"""Convolutions in one stage or two: when, and that nothing is lost."""

import itertools
from collections.abc import Callable

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.expressions import Formula, formulas
from tests.nn.support import KERNELS, kernels
from torch.nn import functional

from prodsumnet import operators as ops
from prodsumnet.evaluation.convolution.kernels import (
    Chain,
    chains,
    cheapest,
    diagonal_blocks,
    macs,
    prepared,
    whole,
)

CPU = torch.device("cpu")


def matrix(chain: Chain, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """The kernel matrix of a chain: what it makes of every single number of an image."""
    channels = chain[0].in_channels
    size = tuple(max(stage.sizes[axis] for stage in chain) for axis in range(2))
    taps = size[0] * size[1]
    x = torch.eye(channels * taps, dtype=dtype).view(-1, channels, *size)
    for stage in chain:
        kernel = stage.kernel(dtype, CPU)
        common = torch.promote_types(kernel.dtype, x.dtype)
        x = functional.conv2d(x.to(common), kernel.to(common), groups=stage.groups)
        assert kernel.shape[0] == stage.out_channels
        assert kernel[0].numel() * stage.out_channels == stage.macs
    return x.flatten(1).mT


def cp(out: int, channels: int, size: int) -> ops.LinearOperator:
    vectors = [ops.Dense(5, n, dtype=torch.float64) for n in (channels, size, size)]
    return ops.Dense(out, 5, dtype=torch.float64) @ ops.KhatriRao(*vectors)


def tucker(out: int, channels: int, size: int) -> ops.LinearOperator:
    def dense(rows: int, columns: int) -> ops.Dense:
        return ops.Dense(rows, columns, dtype=torch.float64)

    inner = ops.kron(dense(2, channels), ops.Identity(size), ops.Identity(size))
    return dense(out, 4) @ dense(4, 2 * size * size) @ inner


def compressed(out: int, channels: int, size: int) -> ops.LinearOperator:
    """Channels and taps reduced at once, under a core and by themselves."""

    def dense(rows: int, columns: int) -> ops.Dense:
        return ops.Dense(rows, columns, dtype=torch.float64)

    last = ops.kron(dense(3, channels), dense(2, size * size))
    return dense(out, 4) @ ops.KhatriRao(dense(4, 3), dense(4, 2)) @ last


NESTED: dict[str, Callable[[], ops.LinearOperator]] = {
    "cp": lambda: cp(8, 6, 3),
    "tucker": lambda: tucker(8, 6, 3),
    "tucker, scaled": lambda: -0.5 * tucker(8, 6, 3),
    "compressed": lambda: compressed(8, 6, 3),
    "kronecker": lambda: ops.kron(
        ops.Dense(8, 6, dtype=torch.float64), ops.Dense(1, 9, dtype=torch.float64)
    ),
    "kronecker of more": lambda: ops.kron(
        ops.Dense(4, 6, dtype=torch.float64), ops.Dense(2, 9, dtype=torch.float64)
    ),
    "depthwise": lambda: (
        ops.Dense(8, 6, dtype=torch.float64)
        @ ops.KhatriRao(ops.Identity(6), ops.Dense(6, 2, dtype=torch.float64))
        @ ops.kron(ops.Identity(6), ops.Dense(2, 9, dtype=torch.float64))
    ),
}


def assert_equal_matrices(chain: Chain, operator: ops.LinearOperator) -> None:
    """Values, and gradients in the numbers."""
    dense = operator.to_dense(torch.float64)
    found = matrix(chain)
    torch.testing.assert_close(found, dense)
    numbers = list(operator.parameters())
    if numbers:
        slopes = (torch.autograd.grad(m.abs().square().sum(), numbers) for m in (found, dense))
        for a, b in zip(*slopes, strict=True):
            torch.testing.assert_close(a, b)


@pytest.mark.parametrize("out", [6, 30])
@pytest.mark.parametrize("name", KERNELS)
def test_chains_multiply_to_the_kernel_matrix(name: str, out: int) -> None:
    operator = kernels(out, 6, 9)[name]()
    for chain in (
        whole(operator, 6, 1, (3, 3)),
        cheapest(operator, 6, 1, (3, 3)),
        *chains(operator, 6, 1, (3, 3)),
    ):
        assert_equal_matrices(chain, operator)
        assert_equal_matrices(prepared(chain, torch.float64, CPU), operator)


@pytest.mark.parametrize("name", NESTED)
def test_tensor_decompositions_are_chains(name: str) -> None:
    operator = NESTED[name]()
    found = chains(operator, 6, 1, (3, 3))
    assert found
    for chain in found:
        assert_equal_matrices(chain, operator)


def shapes(chain: Chain) -> list[tuple[int, int, int, tuple[int, ...]]]:
    return [(s.in_channels, s.out_channels, s.groups, s.sizes) for s in chain]


def test_how_decompositions_are_computed() -> None:
    pointwise, depthwise = (1, 1), (5, 5)
    found = [shapes(chain) for chain in chains(cp(64, 32, 5), 32, 1, (5, 5))]
    first, last = (32, 5, 1, pointwise), (5, 64, 1, pointwise)
    assert [first, (5, 5, 5, depthwise), last] in found
    assert [first, (5, 5, 5, (5, 1)), (5, 5, 5, (1, 5)), last] in found
    found = [shapes(chain) for chain in chains(tucker(64, 32, 5), 32, 1, (5, 5))]
    assert [(32, 2, 1, pointwise), (2, 4, 1, (5, 5)), (4, 64, 1, pointwise)] in found
    found = [shapes(chain) for chain in chains(NESTED["depthwise"](), 6, 1, (3, 3))]
    assert [(6, 6, 6, (3, 3)), (6, 8, 1, pointwise)] in found
    found = [shapes(chain) for chain in chains(NESTED["kronecker"](), 6, 1, (3, 3))]
    assert [(6, 8, 1, pointwise), (8, 8, 8, (3, 3))] in found


def test_depthwise_kernels_are_composed_from_their_own_factors() -> None:
    *_, chain = chains(NESTED["depthwise"](), 6, 1, (3, 3))
    # Not as the diagonal blocks of a matrix for all channels.
    assert chain[0].blocks == 1
    assert chain[0].operator.shape == (6, 9)


def test_two_stages_must_at_least_halve_the_arithmetic() -> None:
    def stages(rank: int) -> Chain:
        # 40 × 60 at once, or rank × 100.
        return cheapest(ops.Dense(40, rank) @ ops.Dense(rank, 60), 6, 1, (2, 5))

    assert macs(stages(12)) == 1200
    assert len(stages(12)) == 2
    assert macs(stages(13)) == 2400
    assert len(stages(13)) == 1
    assert stages(13)[0].operator.shape == (40, 60)


def test_the_cheapest_cut_is_taken() -> None:
    def factors(*sizes: int) -> list[ops.LinearOperator]:
        return [ops.Dense(a, b) for a, b in itertools.pairwise(sizes)]

    # Cuts after 50, 2 and 30: the second is the cheapest.
    chain = cheapest(ops.Product(*factors(64, 50, 2, 30, 90)), 10, 1, (3, 3))
    assert chain[1].operator.shape == (64, 2)
    assert chain[0].operator.shape == (2, 90)
    assert macs(chain) == 2 * (64 + 90)


def test_depthwise_kernels_count_as_such() -> None:
    for depthwise in (
        ops.KhatriRao(ops.Identity(32), ops.Dense(32, 25)),
        ops.BlockDense(32, 1, 25),
        ops.kron(ops.Identity(32), ops.Dense(1, 25)),
        ops.KhatriRao(ops.Identity(32), ops.Dense(32, 6))
        @ ops.kron(ops.Identity(32), ops.Dense(6, 25)),
    ):
        chain = cheapest(ops.Dense(64, 32) @ depthwise, 32, 1, (5, 5))
        assert (chain[0].groups, len(chain)) == (32, 2)
        assert macs(chain) == 32 * 25 + 64 * 32
    # Blocks that are not one for each channel.
    assert cheapest(ops.Dense(64, 16) @ ops.BlockDense(16, 1, 50), 32, 1, (5, 5))[0].groups == 1
    # Blocks finer than a channel are blocks of a channel too.
    finer = ops.Dense(500, 64) @ ops.BlockDense(64, 1, 25)
    assert macs(cheapest(finer, 32, 1, (5, 10))) == 64 * 50 + 500 * 64


def test_a_grouped_convolution_stays_whole() -> None:
    operator = ops.Dense(32, 1) @ ops.Dense(1, 90)
    assert macs(cheapest(operator, 10, 1, (3, 3))) == 122
    assert chains(operator, 20, 2, (3, 3)) == []
    (stage,) = cheapest(operator, 20, 2, (3, 3))
    assert (stage.groups, stage.blocks, stage.macs) == (2, 1, 32 * 90)


def test_every_scalar_is_kept() -> None:
    product = ops.Dense(32, 1) @ ops.Dense(1, 90)
    for scaled in (3 * product, -2 * (0.5 * product), 2j * product):
        chain = cheapest(scaled, 10, 1, (3, 3))
        assert len(chain) == 2
        torch.testing.assert_close(matrix(chain, torch.float32), scaled.to_dense())


def test_matrices_without_numbers_follow_the_images() -> None:
    operator = ops.RandomSigns(32, 1) @ ops.RandomSigns(1, 90)
    for dtype in (torch.float32, torch.float64):
        chain = cheapest(operator, 10, 1, (3, 3))
        for stage in (*chain, *prepared(chain, dtype, CPU)):
            assert stage.kernel(dtype, CPU).dtype == dtype
    # But numbers beside them decide, as where autocast lowers the images.
    fixed = ops.kron(ops.Identity(8), ops.Ones(1, 3) @ ops.DCT(3) @ ops.DCT(3))
    chain = prepared(cheapest(ops.Dense(32, 8) @ fixed, 8, 1, (1, 3)), torch.float32, CPU)
    assert {s.kernel(torch.float32, CPU).dtype for s in chain} == {torch.float32}


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
