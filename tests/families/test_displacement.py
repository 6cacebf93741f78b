"""Low displacement rank is what its name says: the displacement equation, structure by structure.

For every structure ``A M - M B`` or ``M - A M Bᵀ`` is formed with explicit matrices by numpy, and
its rank counted; ``M`` itself has full rank.
"""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from tests.oracles import cauchy, tridiagonal, vandermonde

from prodsumnet import families
from prodsumnet.operators import LinearOperator

SHAPES = [(20, 20), (16, 23), (22, 15)]
Displacement = Callable[[np.ndarray], np.ndarray]


def shift(size: int, corner: float) -> np.ndarray:
    """The f-circulant shift Z_f."""
    matrix = np.eye(size, k=-1)
    matrix[0, -1] += corner
    return matrix


def path(size: int, ends: float) -> np.ndarray:
    """The symmetric matrix Y with ones beside the diagonal and given numbers at its ends."""
    matrix = np.eye(size, k=-1) + np.eye(size, k=1)
    matrix[0, 0] += ends
    matrix[-1, -1] += ends
    return matrix


def sylvester(left: np.ndarray, right: np.ndarray) -> Displacement:
    return lambda matrix: left @ matrix - matrix @ right


def build(shape: tuple[int, int], rank: int, structure: str) -> LinearOperator:
    torch.manual_seed(rank + 100 * shape[0])
    fixed = {"subdiagonal": 1, "tridiagonal": 3}.get(structure, 0)
    budget = (fixed + rank) * sum(shape)
    operator = families.build(
        "low-displacement-rank", *shape, budget, structure=structure, dtype=torch.float64
    )
    assert operator.num_trainable == budget
    return operator


def displacement(structure: str, operator: LinearOperator) -> Displacement:
    out, in_ = operator.shape
    match structure:
        case "toeplitz-like":
            return sylvester(shift(out, 1), shift(in_, -1))
        case "hankel-like":
            return sylvester(shift(out, 1), shift(in_, -1).T)
        case "toeplitz-plus-hankel-like":
            return sylvester(path(out, 0), path(in_, 1))
        case "vandermonde-like":
            return sylvester(np.diag(vandermonde.nodes(out)), shift(in_, 1))
        case "cauchy-like":
            rows, columns = cauchy.nodes(out, in_)
            return sylvester(np.diag(rows), np.diag(columns))
    learned = [
        tridiagonal.matrix(weight.detach().numpy(), size, True, structure == "subdiagonal")
        for (name, weight), size in zip(
            [(n, p) for n, p in operator.named_parameters() if "generators" not in n],
            (out, in_),
            strict=True,
        )
    ]
    return lambda matrix: matrix - learned[0] @ matrix @ learned[1].T


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize(
    ("structure", "most"),
    [
        ("toeplitz-like", lambda r: r),
        ("hankel-like", lambda r: r),
        ("toeplitz-plus-hankel-like", lambda r: 2 * r + 3),
        ("vandermonde-like", lambda r: r),
        ("cauchy-like", lambda r: r),
        ("subdiagonal", lambda r: 2 * r),
        ("tridiagonal", lambda r: 2 * r),
    ],
)
def test_displacement_rank(
    structure: str, most: Callable[[int], int], rank: int, shape: tuple[int, int]
) -> None:
    if structure == "toeplitz-plus-hankel-like":
        rank += 1
    operator = build(shape, rank, structure)
    matrix = operator.to_dense().detach().numpy()
    assert np.linalg.matrix_rank(matrix, tol=1e-13 * np.linalg.norm(matrix)) == min(shape)
    displaced = displacement(structure, operator)(matrix)
    found = np.linalg.matrix_rank(displaced, tol=1e-11 * np.linalg.norm(matrix))
    assert rank <= found <= most(rank) < min(shape)


@pytest.mark.parametrize("structure", ["toeplitz-like", "cauchy-like", "tridiagonal"])
def test_a_dense_matrix_has_full_displacement_rank(structure: str) -> None:
    """Or the test above would say nothing."""
    operator = build((12, 12), 2, structure)
    dense = torch.randn(12, 12, dtype=torch.float64).numpy()
    assert np.linalg.matrix_rank(displacement(structure, operator)(dense)) == 12


def test_learned_operators_start_near_shifts() -> None:
    """Powers up to the size then neither explode nor vanish."""
    size = 400
    for structure in ("subdiagonal", "tridiagonal"):
        operator = families.build(
            "low-displacement-rank", size, size, 8 * size, structure=structure, dtype=torch.float64
        )
        weights = [p for n, p in operator.named_parameters() if "generators" not in n]
        for weight, corner in zip(weights, (1, -1), strict=True):
            matrix = tridiagonal.matrix(
                weight.detach().numpy(), size, True, structure == "subdiagonal"
            )
            assert np.abs(matrix - shift(size, corner)).max() < 5 / 2 / math.sqrt(size)
            power = np.linalg.matrix_power(matrix, size)
            assert 0.1 < np.linalg.norm(power) / math.sqrt(size) < 10
