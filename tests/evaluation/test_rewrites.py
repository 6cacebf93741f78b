"""Rewritten operators: the same map with the same gradients, in fewer and larger products."""

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from tests.contract.expressions import Formula, formulas
from tests.evaluation.test_planner import assert_equal_maps, dense

from prodsumnet import operators as ops
from prodsumnet.evaluation import Composed
from prodsumnet.evaluation.chains.chained import Chained
from prodsumnet.evaluation.chains.grouping import groupings
from prodsumnet.evaluation.chains.stages import trace
from prodsumnet.evaluation.rewrites import rewrites
from prodsumnet.families import build

DOUBLE = torch.float64


def blocks(count: int, rows: int, columns: int, dtype: torch.dtype = DOUBLE) -> ops.BlockDense:
    return ops.BlockDense(count, rows, columns, dtype=dtype)


def family(name: str, budget: int, out: int = 64, in_: int = 64) -> ops.LinearOperator:
    return build(name, out, in_, budget=budget).double()


CHAINS = {
    "monarch": lambda: family("monarch", 1024),
    "butterfly": lambda: family("butterfly", 768),
    "butterflies": lambda: family("butterfly", 3000),
    "wide butterfly": lambda: family("butterfly", 700, 32, 64),
    "kronecker sum": lambda: family("kronecker-sum", 512),
    "tucker": lambda: family("tucker", 384),
    "tensor train": lambda: family("tensor-train", 500),
    "block tensor train": lambda: family("block-tensor-train", 1000),
    "rotations": lambda: ops.Product(*(ops.Givens(16, 2**k, dtype=DOUBLE) for k in range(4))),
    "complex rotations": lambda: ops.Product(
        *(ops.Givens(16, 2**k, dtype=torch.complex128) for k in range(4))
    ),
    "turned rotations": lambda: (
        ops.Givens(16, 2, dtype=DOUBLE).H @ blocks(4, 4, 4) @ ops.Givens(16, 8, dtype=DOUBLE).T
    ),
    "diagonals": lambda: (
        ops.Diagonal(12, dtype=DOUBLE) @ blocks(3, 4, 2) @ ops.Diagonal(6, dtype=DOUBLE)
    ),
    "only diagonals": lambda: ops.Diagonal(6, dtype=DOUBLE) @ ops.Diagonal(6, dtype=DOUBLE),
    "kronecker": lambda: ops.kron(dense(5, 6), dense(2, 3), dense(4, 5)),
    "outer": lambda: ops.kron(dense(5, 1), dense(1, 3)),
    "matrices": lambda: dense(40, 3) @ dense(3, 4) @ dense(4, 5) @ dense(5, 40),
    "adjoint": lambda: (blocks(4, 3, 2, torch.complex128) @ ops.kron(dense(4, 3), dense(2, 2))).H,
    "transpose": lambda: (blocks(4, 3, 2, torch.complex128) @ ops.kron(dense(4, 3), dense(2, 2))).T,
    "adjoint factors": lambda: (
        blocks(4, 2, 3, torch.complex128).H
        @ ops.AxisPermutation((2, 4), (1, 0)).H
        @ blocks(2, 5, 4, torch.complex128).T
    ),
    "scattered group": lambda: (
        ops.AxisPermutation((2, 3, 4), (2, 0, 1)).H
        @ blocks(8, 3, 3)
        @ ops.AxisPermutation((2, 3, 4), (2, 0, 1))
        @ blocks(6, 4, 4)
    ),
    "shared factor": lambda: (lambda a: a @ ops.AxisPermutation((4, 4), (1, 0)) @ a)(
        blocks(4, 4, 4)
    ),
    "constants": lambda: ops.Constant.of(torch.randn(8, 8).double()) @ blocks(2, 4, 4),
}

SUMS = {
    "kronecker products": lambda: ops.Sum(
        *(ops.kron(dense(4, 3), dense(5, 2)) for _ in range(3)), ops.LowRank(20, 6, 2, dtype=DOUBLE)
    ),
    "kronecker products of two shapes": lambda: ops.Sum(
        *(ops.kron(dense(4, 3), dense(5, 2)) for _ in range(2)), ops.kron(dense(5, 2), dense(4, 3))
    ),
    "low rank": lambda: ops.Sum(*(ops.LowRank(9, 8, 2, dtype=DOUBLE) for _ in range(3))),
    "dense": lambda: ops.Sum(dense(9, 8), ops.RandomSigns(9, 8), ops.Sparse(9, 8, 5, dtype=DOUBLE)),
    "complex": lambda: ops.Sum(
        ops.Dense(9, 8, dtype=torch.complex128),
        dense(9, 8),
        ops.LowRank(9, 8, 2, dtype=torch.complex128),
        dense(9, 2) @ dense(2, 8),
    ),
}


def assert_rewritten(other: ops.LinearOperator, operator: ops.LinearOperator) -> None:
    """The same map, for one vector, several and none, in rows or columns, over the same numbers."""
    assert {id(p) for p in other.parameters()} == {id(p) for p in operator.parameters()}
    assert_equal_maps(other, operator)
    for batch in (0, 1, 5):
        for apply, wanted, size in (
            (other._matmat, operator._matmat, operator.in_features),
            (other._rmatmat, operator._rmatmat, operator.out_features),
        ):
            x = torch.randn(batch, size, dtype=DOUBLE)
            for columns in (x.mT, x.mT.contiguous()):
                found, expected = apply(columns), wanted(columns)
                assert found.shape == expected.shape
                torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-8)
    x = torch.randn(operator.in_features, dtype=DOUBLE)
    torch.testing.assert_close(other(x), operator(x), rtol=1e-8, atol=1e-8)


@given(formula=formulas())
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_rewritten_expression_is_the_expression(formula: Formula) -> None:
    for other in rewrites(formula.operator):
        assert_rewritten(other, formula.operator)


@pytest.mark.parametrize("name", CHAINS)
def test_products_become_chains(name: str) -> None:
    operator = CHAINS[name]()
    found = rewrites(operator)
    assert found
    for other in found:
        assert any(isinstance(part, Chained) for part in other.modules())
        assert_rewritten(other, operator)


@pytest.mark.parametrize("name", SUMS)
def test_sums_are_fused(name: str) -> None:
    operator = SUMS[name]()
    first, *others = rewrites(operator)
    terms = list(first) if isinstance(first, ops.Sum) else [first]
    assert len(terms) < len(list(operator))
    for other in (first, *others):
        assert_rewritten(other, operator)


def test_what_gains_nothing_is_left_as_it_is() -> None:
    for operator in (
        dense(4, 3),
        ops.DCT(8) @ ops.Circulant(8, dtype=DOUBLE),
        dense(4, 3) + ops.kron(dense(2, 3), dense(2, 1)),
        ops.Permutation(8, 1),
    ):
        assert rewrites(operator) == []


def test_stages_of_a_butterfly_are_grouped() -> None:
    """For many vectors in two stages of 32 blocks each; for one vector in more."""
    chain = trace(build("butterfly", 1024, 1024, budget=2 * 1024 * 10))
    assert chain is not None
    assert len(chain.stages) == 10
    assert chain.count(chain.stages[0].axes) == 2048
    shapes = [
        [tuple(chain.count(axes) for axes in (s.group, s.outs, s.ins)) for s in grouped.stages]
        for grouped in groupings(chain)
    ]
    assert [(32, 32, 32)] * 2 in shapes
    assert max(map(len, shapes)) > 2


def test_small_matrices_in_a_row_are_multiplied_first() -> None:
    """For many vectors; never across the narrow middle, which would make them large."""
    chain = trace(ops.Dense(900, 64) @ ops.Dense(64, 64) @ ops.Dense(64, 64) @ ops.Dense(64, 900))
    assert chain is not None
    found = groupings(chain)
    assert min(len(grouped.stages) for grouped in found) < 4
    for grouped in found:
        assert max(grouped.count(stage.axes) for stage in grouped.stages) == 64 * 900


def test_chains_that_are_part_of_a_product() -> None:
    ends = ops.DCT(16), ops.Circulant(16, dtype=DOUBLE)
    middle = blocks(4, 4, 4) @ ops.AxisPermutation((4, 4), (1, 0)) @ blocks(4, 4, 4)
    operator = ends[0] @ middle @ ends[1]
    found = rewrites(operator)
    assert found
    for other in found:
        assert [type(part) for part in other] == [ops.DCT, Chained, ops.Circulant]
        assert_rewritten(other, operator)


def test_numbers_that_change_in_place_count() -> None:
    for operator in (CHAINS["butterfly"](), SUMS["low rank"](), SUMS["dense"]()):
        found = rewrites(operator)
        operator.reset_parameters()
        for other in found:
            assert_rewritten(other, operator)


def test_dense_terms_are_added_up() -> None:
    first, *_ = rewrites(SUMS["dense"]())
    parts = list(first) if isinstance(first, ops.Sum) else [first]
    assert Composed in map(type, parts)


@pytest.mark.parametrize("name", ["butterfly", "kronecker sum", "complex rotations", "diagonals"])
def test_gradients_of_gradients(name: str) -> None:
    operator = CHAINS[name]()
    other = rewrites(operator)[-1]
    small = torch.randn(2, operator.in_features, dtype=DOUBLE, requires_grad=True)
    leaves = [small, *operator.parameters()]

    def curvature(apply: ops.LinearOperator) -> tuple[torch.Tensor, ...]:
        value = apply(small).abs().square().sum()
        first = torch.autograd.grad(value, leaves, create_graph=True)
        bent = sum((g * torch.ones_like(g)).abs().square().sum() for g in first)
        return torch.autograd.grad(bent, leaves)

    for found, wanted in zip(curvature(other), curvature(operator), strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("name", ["monarch", "butterfly", "kronecker sum", "tucker", "diagonals"])
def test_chains_compile(name: str) -> None:
    operator = CHAINS[name]()
    other = rewrites(operator)[-1]
    x = torch.randn(3, operator.in_features, dtype=DOUBLE, requires_grad=True)
    compiled = torch.compile(other._matvec, fullgraph=True, backend="aot_eager")
    leaves = [x, *operator.parameters()]
    for found, wanted in zip(
        torch.autograd.grad(compiled(x).square().sum(), leaves),
        torch.autograd.grad(operator(x).square().sum(), leaves),
        strict=True,
    ):
        torch.testing.assert_close(found, wanted, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", ["monarch", "butterfly", "kronecker sum"])
def test_mixed_precision(name: str) -> None:
    operator = CHAINS[name]().float()
    x = torch.randn(3, operator.in_features, requires_grad=True)
    for other in rewrites(operator):
        with torch.autocast("cpu", torch.bfloat16):
            y = other(x)
        torch.testing.assert_close(y.float(), operator(x), rtol=0.1, atol=0.1)
        y.float().sum().backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in operator.parameters())
    half = CHAINS[name]().bfloat16()
    for other in rewrites(half):
        assert other(x.bfloat16()).dtype == torch.bfloat16


def test_costs() -> None:
    operator = CHAINS["butterfly"]()
    for other in rewrites(operator):
        costs = [other.cost(batch) for batch in (1, 2, 64)]
        assert costs[0].flops < costs[1].flops < costs[2].flops
        assert costs[0].bytes < costs[1].bytes < costs[2].bytes
    apart, *_, together = (o.cost(1).bytes for o in rewrites(operator))
    assert apart < together
