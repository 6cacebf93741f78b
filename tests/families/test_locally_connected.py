"""Every step of the locally-connected family mixes neighbours only."""

from typing import Any

import numpy as np
import pytest
import torch
from tests.oracles.families.locally_connected import ADJACENCY, grid, line, ring

from prodsumnet import families
from prodsumnet.operators.neighbours import NearestNeighbours

GRAPHS: dict[str, tuple[dict[str, Any], np.ndarray]] = {
    "line": ({"graph": "line"}, line(11)),
    "ring": ({"graph": "ring"}, ring(12)),
    "grid": ({"graph": "grid"}, grid(4, 5)),
    "grid of given sizes": ({"sizes": (2, 9)}, grid(2, 9)),
    "image": ({}, grid(5, 5)),
    "no image": ({}, ring(7)),
    "array": ({"adjacency": ADJACENCY}, ADJACENCY + np.eye(5)),
    "tensor": ({"adjacency": torch.from_numpy(ADJACENCY)}, ADJACENCY + np.eye(5)),
    "lists": ({"adjacency": ADJACENCY.tolist()}, ADJACENCY + np.eye(5)),
}


def _build(out: int, in_: int, budget: int, **options: Any):
    return families.build("locally-connected", out, in_, budget, dtype=torch.float64, **options)


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("graph", GRAPHS)
def test_connects_the_neighbourhood_and_nothing_else(graph: str, steps: int) -> None:
    options, mask = GRAPHS[graph]
    size, step = len(mask), int((mask != 0).sum())
    operator = _build(size, size, steps * step, steps=steps, **options)
    assert operator.num_trainable == steps * step
    near = np.linalg.matrix_power((mask != 0).astype(int), steps) > 0
    dense = operator.to_dense().detach().numpy()
    assert not dense[~near].any()
    assert dense[near].all()


@pytest.mark.parametrize("graph", GRAPHS)
def test_an_incomplete_step_mixes_neighbours_only(graph: str) -> None:
    options, mask = GRAPHS[graph]
    size, step = len(mask), int((mask != 0).sum())
    for rest in range(step):
        operator = _build(size, size, step + rest, **options)
        assert step <= operator.num_trainable <= step + rest
        near = np.linalg.matrix_power((mask != 0).astype(int), 2) > 0
        assert not operator.to_dense().detach().numpy()[~near].any()


def test_default_graphs() -> None:
    def graph(out: int, in_: int) -> NearestNeighbours:
        operator = families.build("locally-connected", out, in_, 2**16, device="meta")
        return next(part for part in operator.modules() if isinstance(part, NearestNeighbours))

    assert graph(10, 784).sizes == (28, 28)
    assert graph(1024, 784).sizes == (32, 32)
    assert graph(100, 300).graph == "ring"
    assert graph(4, 4).graph == "ring"


def test_stops_at_sixteen_steps() -> None:
    operator = _build(6, 6, 1000)
    assert operator.num_trainable == 16 * 18


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"graph": "tree"}, ValueError, "graph must be one of line, ring, grid, got 'tree'"),
        ({"graph": 3}, ValueError, "graph must be one of line, ring, grid, got 3"),
        ({"graph": "ring", "sizes": (2, 3)}, ValueError, "for a grid, not for a ring"),
        ({"sizes": (2, 0)}, ValueError, "sizes must lie between 1"),
        ({"sizes": (2, 3, 1)}, ValueError, "sizes must be an integer or 2 integers"),
        ({"sizes": 2.5}, ValueError, "sizes must be an integer or 2 integers"),
        ({"steps": 0}, ValueError, "steps must lie between 1 and 16, got 0"),
        ({"steps": 17}, ValueError, "steps must lie between 1 and 16, got 17"),
        ({"steps": 1.5}, TypeError, "steps must be an integer"),
        ({"adjacency": ADJACENCY, "graph": "ring"}, ValueError, "not by both"),
        ({"adjacency": ADJACENCY, "sizes": (1, 5)}, ValueError, "not by both"),
        ({"adjacency": ADJACENCY[:3]}, ValueError, "must be a square symmetric matrix"),
        ({"adjacency": np.triu(ADJACENCY)}, ValueError, "must be a square symmetric matrix"),
        ({"adjacency": "ring"}, ValueError, "must be a square symmetric matrix"),
        ({"radius": 2}, TypeError, "takes the options graph, sizes, adjacency, steps"),
    ],
)
def test_refuses(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        _build(6, 6, 100, **options)
