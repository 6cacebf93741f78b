"""A matrix drawn from an expression is found again."""

import pytest
import torch

from prodsumnet import families
from prodsumnet import operators as ops
from prodsumnet.fitting import fit

WIDE = {"dtype": torch.float64}

EXACT = (
    *("banded", "basis", "block-circulant", "block-sparse", "block-tensor-train", "butterfly"),
    *("circulant", "convolution", "cp", "dct", "deformable-butterfly", "diagonal"),
    *("dilated-convolution", "fourier", "hankel", "hashed", "johnson-lindenstrauss", "kronecker"),
    *("kronecker-sum", "low-rank", "m-product", "monarch", "optical-correlator"),
    *("random-projection", "sparse", "t-product", "tensor-train", "toeplitz", "tucker"),
)
"""Families with a closed form, or that are linear in their numbers, at this budget."""


def recovered(name: str, out: int, in_: int, share: float, seeds: int) -> float:
    """The best relative error of several starts, on a matrix of the family."""
    budget = max(families.get(name).least(out, in_), int(share * out * in_))
    torch.manual_seed(0)
    truth = families.build(name, out, in_, budget, **WIDE).to_dense().detach()
    best = float("inf")
    for seed in range(seeds):
        torch.manual_seed(100 + seed)
        operator = families.build(name, out, in_, budget, **WIDE)
        best = min(best, fit(operator, truth, seed=seed).error)
        if best < 1e-9:
            break
    return best


@pytest.mark.parametrize("share", [0.2, 0.5])
@pytest.mark.parametrize("shape", [(16, 16), (13, 21)], ids=str)
@pytest.mark.parametrize("name", EXACT)
def test_closed_forms(name: str, shape: tuple[int, int], share: float) -> None:
    assert recovered(name, *shape, share, 5) < 1e-8


@pytest.mark.parametrize("name", ["cellular", "givens", "locally-connected"])
def test_search(name: str) -> None:
    """Without a closed form, some of the starts end at the matrix."""
    assert recovered(name, 16, 16, 0.5, 5) < 1e-8


LEAVES = {
    "circulant": lambda: ops.Circulant(8, **WIDE),
    "banded": lambda: ops.Banded(8, 8, 1, 1, **WIDE),
    "diagonal": lambda: ops.Diagonal(8, **WIDE),
    "sparse": lambda: ops.Sparse(8, 8, 24, 1, **WIDE),
    "low-rank": lambda: ops.LowRank(8, 8, 2, **WIDE),
    "blocks": lambda: ops.BlockDense(2, 4, 4, **WIDE),
    "toeplitz": lambda: ops.Toeplitz(8, 8, **WIDE),
    "kronecker": lambda: ops.kron(ops.Dense(2, 4, **WIDE), ops.Dense(4, 2, **WIDE)),
    "phases": lambda: ops.Phases(8, **WIDE),
}


@pytest.mark.parametrize("right", LEAVES)
@pytest.mark.parametrize("left", ["circulant", "sparse", "low-rank", "diagonal", "phases"])
@pytest.mark.parametrize("sign", "@+")
def test_compositions_of_two(left: str, right: str, sign: str) -> None:
    def build() -> ops.LinearOperator:
        a, b = LEAVES[left](), LEAVES[right]()
        return a @ b if sign == "@" else a + b

    torch.manual_seed(1)
    truth = build().to_dense().detach()
    best = min(_errors(build, truth))
    assert best < 1e-6


def _errors(build, truth: torch.Tensor):
    """Errors of five starts, or as many as it takes."""
    for seed in range(5):
        torch.manual_seed(10 + seed)
        error = fit(build(), truth, seed=seed).error
        yield error
        if error < 1e-8:
            return


def test_compositions_of_three() -> None:
    def build() -> ops.LinearOperator:
        return LEAVES["diagonal"]() @ LEAVES["circulant"]() @ LEAVES["banded"]()

    torch.manual_seed(2)
    truth = build().to_dense().detach()
    assert min(_errors(build, truth)) < 1e-8
