"""Cases of NearestNeighbours: adjacency masks by numpy."""

import numpy as np
import torch
from tests.contract.case import DTYPES, Case, reals

from prodsumnet.operators.neighbours import NearestNeighbours, edges_of


def line(size: int) -> np.ndarray:
    return np.eye(size, dtype=bool) | np.eye(size, k=1, dtype=bool) | np.eye(size, k=-1, dtype=bool)


def ring(size: int) -> np.ndarray:
    mask = line(size)
    mask[0, -1] = mask[-1, 0] = True
    return mask


def grid(rows: int, columns: int) -> np.ndarray:
    """Steps along one axis of the grid or the other."""
    return np.kron(line(rows), np.eye(columns, dtype=bool)) | np.kron(
        np.eye(rows, dtype=bool), line(columns)
    )


def given(size: int, edges: tuple[tuple[int, int], ...]) -> np.ndarray:
    mask = np.eye(size, dtype=bool)
    for i, j in edges:
        mask[i, j] = mask[j, i] = True
    return mask


def matrix(mask: np.ndarray, weight: np.ndarray) -> np.ndarray:
    dense = np.zeros(mask.shape, dtype=weight.dtype)
    dense[mask] = weight
    return dense


STAR = ((0, 1), (2, 0), (0, 3), (4, 0))
NESTED = [[0, 1, 0], [1, 1, 2], [0, 3, 0]]

ERRORS = (
    (lambda: NearestNeighbours(4, "tree"), ValueError, "graph must be one of line, ring, grid"),
    (lambda: NearestNeighbours(4, None), ValueError, "by its name, or by edges and graph=None"),
    (lambda: NearestNeighbours(4, edges=((0, 1),)), ValueError, "by its name, or by edges"),
    (lambda: NearestNeighbours(4, "grid"), ValueError, "for a grid and only for a grid"),
    (lambda: NearestNeighbours(4, sizes=(2, 2)), ValueError, "for a grid and only for a grid"),
    (lambda: NearestNeighbours(4, "grid", (2, 3)), ValueError, "a grid of 4 nodes cannot have"),
    (lambda: NearestNeighbours(4, None, edges=5), TypeError, "edges must be a sequence of pairs"),
    (lambda: NearestNeighbours(4, None, edges=(5,)), TypeError, "edges must be a sequence of int"),
    (lambda: NearestNeighbours(4, None, edges=((0, 4),)), ValueError, "edges must lie between 0"),
    (lambda: NearestNeighbours(4, None, edges=((1, 1),)), ValueError, "pairs of distinct nodes"),
    (lambda: NearestNeighbours(4, None, edges=((0, 1, 2),)), ValueError, "pairs of distinct nodes"),
    (lambda: NearestNeighbours(4, None, edges=((0, 1), (1, 0))), ValueError, "one of them twice"),
    (lambda: edges_of([[0, 1], [0, 0]]), ValueError, "must be a square symmetric matrix"),
    (lambda: edges_of([[0, 1, 0]]), ValueError, "must be a square symmetric matrix"),
    (lambda: edges_of([[0, 1], [0]]), ValueError, "must be a square symmetric matrix"),
    (lambda: edges_of(None), ValueError, "must be a square symmetric matrix"),
)

GRAPHS = {
    "line-6": ((6, "line"), line(6)),
    "line-2": ((2, "line"), line(2)),
    "line-1": ((1, "line"), line(1)),
    "ring-7": ((7, "ring"), ring(7)),
    "ring-3": ((3, "ring"), ring(3)),
    "ring-2": ((2, "ring"), ring(2)),
    "ring-1": ((1, "ring"), ring(1)),
    "grid-3x4": ((12, "grid", (3, 4)), grid(3, 4)),
    "grid-2x2": ((4, "grid", (2, 2)), grid(2, 2)),
    "grid-1x4": ((4, "grid", (1, 4)), grid(1, 4)),
    "grid-3x1": ((3, "grid", (3, 1)), grid(3, 1)),
    "star": ((5, None, None, STAR), given(5, STAR)),
    "no-edges": ((3, None, None, ()), given(3, ())),
    "tensor": (
        (4, None, None, edges_of(torch.from_numpy(ring(4)))),
        ring(4),
    ),
    "lists": ((3, None, None, edges_of(NESTED)), np.array(NESTED, dtype=bool) | line(3)),
}

CASES = [
    Case(
        id=f"{name}-{dtype}",
        build=lambda a=arguments, dtype=dtype: NearestNeighbours(*a, dtype=dtype),
        oracle=lambda numbers, mask=mask: matrix(mask, numbers["weight"]),
        trainable=int(mask.sum()) * reals(dtype),
        errors=ERRORS,
    )
    for name, (arguments, mask) in GRAPHS.items()
    for dtype in DTYPES
]
