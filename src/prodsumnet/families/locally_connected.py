"""Products of nearest-neighbour matrices on a graph: every step mixes neighbours only.

Options:

- ``graph``: 'line', 'ring' or 'grid', with as many nodes as the larger side has features. By
  default a grid if that is a square of at least 3×3, such as 784, and else a ring.
- ``sizes``: rows and columns of the grid, if it is not to be the squarest.
- ``adjacency``: a symmetric matrix of bools instead, for any other graph.
- ``steps``: how many, up to 16; by default as many as the budget allows, and one more on the
  leading nodes only. With ``k`` steps every node sees those at a distance of at most ``k``.

Features are nodes. Where there are fewer or more features than nodes, they are spread over the
nodes, or nodes added up, by balanced hashing with signs, see the family ``permutation``.
"""

import math
from collections.abc import Sequence
from typing import Any

from prodsumnet.families.family import Family
from prodsumnet.families.permutation import spread
from prodsumnet.families.shapes import near_square
from prodsumnet.numerics import checks
from prodsumnet.operators import BlockDiagonal, Identity, LinearOperator, Product
from prodsumnet.operators.neighbours import GRAPHS, NearestNeighbours, edges_of

MAX_STEPS = 16


def least(
    out_features: int,
    in_features: int,
    graph: str | None = None,
    sizes: Sequence[int] | None = None,
    adjacency: Any = None,
    steps: int | None = None,
) -> int:
    """Return the numbers of one step, or of all that are asked for."""
    count = 1 if steps is None else checks.positive_int("steps", steps, MAX_STEPS)
    nodes = _nodes(max(out_features, in_features), graph, sizes, adjacency)
    return count * NearestNeighbours(**nodes, device="meta").num_trainable


def build(
    out_features: int,
    in_features: int,
    budget: int,
    seed: int,
    graph: str | None = None,
    sizes: Sequence[int] | None = None,
    adjacency: Any = None,
    steps: int | None = None,
) -> LinearOperator:
    """Return as many steps as are asked for, or as the budget allows."""
    nodes = _nodes(max(out_features, in_features), graph, sizes, adjacency)
    size = nodes["size"]
    full, rest = divmod(budget, NearestNeighbours(**nodes, device="meta").num_trainable)
    count = min(full, MAX_STEPS) if steps is None else steps
    factors: list[LinearOperator] = [NearestNeighbours(**nodes) for _ in range(count)]
    if steps is None and full < MAX_STEPS:
        leading = _leading(nodes, rest)
        if leading:
            idle = size - leading["size"]
            step = NearestNeighbours(**leading)
            factors.append(BlockDiagonal(step, Identity(idle)) if idle else step)
    ends = spread(out_features, size, seed), spread(size, in_features, seed)
    return Product.of(ends[0], *factors, ends[1])


def _nodes(
    features: int, graph: str | None, sizes: Sequence[int] | None, adjacency: Any
) -> dict[str, Any]:
    """Return the graph as keywords of `NearestNeighbours`."""
    if adjacency is not None:
        if graph is not None or sizes is not None:
            raise ValueError("a graph is given by adjacency, or by graph and sizes, not by both")
        edges = edges_of(adjacency)
        return {"size": len(adjacency), "graph": None, "edges": edges}
    if graph is not None and graph not in GRAPHS:
        raise ValueError(f"graph must be one of {', '.join(GRAPHS)}, got {checks.show(graph)}")
    if sizes is not None and graph in ("line", "ring"):
        raise ValueError(f"sizes are given for a grid, not for a {graph}")
    if sizes is None and graph is None:
        side = math.isqrt(features)
        graph = "grid" if side >= 3 and side * side == features else "ring"
    if sizes is None and graph != "grid":
        return {"size": features, "graph": graph}
    rows, columns = near_square(features) if sizes is None else checks.size_tuple("sizes", sizes, 2)
    return {"size": rows * columns, "graph": "grid", "sizes": (rows, columns)}


def _leading(nodes: dict[str, Any], budget: int) -> dict[str, Any] | None:
    """Return the part of a graph on its first nodes, as many as the budget allows, at least two."""
    if nodes.get("edges") is not None:
        # With every node come its edges to those before it.
        size, left = 0, budget
        degrees = [1] * nodes["size"]
        for edge in nodes["edges"]:
            degrees[max(edge)] += 2
        while size < nodes["size"] and degrees[size] <= left:
            left -= degrees[size]
            size += 1
        edges = tuple(edge for edge in nodes["edges"] if max(edge) < size)
        return {"size": size, "graph": None, "edges": edges} if size > 1 else None
    if "sizes" in nodes:
        columns = nodes["sizes"][1]
        rows = min((budget + 2 * columns) // (5 * columns - 2), nodes["sizes"][0])
        if rows:
            return {"size": rows * columns, "graph": "grid", "sizes": (rows, columns)}
    size = min((budget + 2) // 3, nodes["size"])
    return {"size": size, "graph": "line"} if size > 1 else None


FAMILY = Family(
    name="locally-connected",
    build=build,
    least=least,
    formula="Π N, entries between neighbours of a graph",
    source="Wu 2011",
    good_for="images and other signals whose features have neighbours",
    accepts="any shape, spread over the nodes by balanced hashing; least one step: "
    "3 n on a ring, about 5 n on a grid, n = max(m, n)",
)
