"""Locally connected matrices: every node of a graph sees itself and its neighbours."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from prodsumnet.numerics import checks
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.factor import Factor
from prodsumnet.operators.sparse_product import Patterned

GRAPHS = ("line", "ring", "grid")


class NearestNeighbours(Patterned, Factor, kind="neighbours"):
    r"""A matrix with trainable entries on the diagonal and where two nodes are neighbours.

    One such factor is one step that mixes neighbours only; a product of ``k`` of them connects
    the nodes at a distance of at most ``k`` (Wu 2011).

    Parameters
    ----------
    size : int
        Number of nodes, the features on both sides.
    graph : {'line', 'ring', 'grid'} or None, optional
        Which nodes are neighbours; None if ``edges`` says so.
    sizes : (int, int), optional
        Rows and columns of the grid, whose nodes are numbered in row-major order. Each has up to
        four neighbours.
    edges : sequence of (int, int), optional
        Every pair of neighbours once, for any other graph; see `edges_of`.
    device, dtype
        As for torch's layers; a complex ``dtype`` gives complex numbers. ``weight`` has the entries
        in row-major order.

    Raises
    ------
    TypeError
        If ``edges`` is not a sequence of pairs of integers.
    ValueError
        If the graph is unknown, given twice, or does not fit ``size``.

    Notes
    -----
    On a line, a ring or a grid :math:`A = \sum_d \mathrm{diag}(w_d) S_d` with three or five cyclic
    shifts :math:`S_d`, applied as element-wise products of shifted inputs.
    """

    slots: torch.Tensor

    def __init__(
        self,
        size: int,
        graph: str | None = "line",
        sizes: Sequence[int] | None = None,
        edges: Sequence[Sequence[int]] | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(size, size)
        self.size, self.graph = self.out_features, graph
        self.sizes = None if sizes is None else checks.size_tuple("sizes", sizes, 2)
        self.edges = None if edges is None else _checked_edges(edges, self.size)
        self._check_graph()
        shifts = {"line": (1,), "ring": (1,), "grid": (1, (self.sizes or (1, 1))[1]), None: ()}
        # In (-size / 2, size / 2], every one once.
        steps = {step % self.size for shift in (0, *shifts[graph]) for step in (shift, -shift)}
        self._offsets = sorted(s - self.size if 2 * s > self.size else s for s in steps)
        count = self.size + 2 * self._num_edges()
        checks.number_count("NearestNeighbours", count)
        self._hold_pattern(lambda: self._support(device), count, device)
        if self.edges is None:
            self._hold("slots", self._slots, (count,), torch.int64, device)
        self._allocate(count, device=device, dtype=dtype)

    def _check_graph(self) -> None:
        if self.graph is not None and self.graph not in GRAPHS:
            raise ValueError(
                f"graph must be one of {', '.join(GRAPHS)} or None, got {checks.show(self.graph)}"
            )
        if (self.graph is None) != (self.edges is not None):
            raise ValueError("a graph is given by its name, or by edges and graph=None")
        if (self.graph == "grid") != (self.sizes is not None):
            raise ValueError("sizes, rows and columns, are given for a grid and only for a grid")
        if self.sizes is not None and self.sizes[0] * self.sizes[1] != self.size:
            raise ValueError(
                f"a grid of {self.size} nodes cannot have sizes {checks.show(self.sizes)}"
            )

    def _num_edges(self) -> int:
        if self.edges is not None:
            return len(self.edges)
        if self.sizes is not None:
            rows, columns = self.sizes
            return rows * (columns - 1) + columns * (rows - 1)
        # A ring of two nodes is a line.
        return self.size if self.graph == "ring" and self.size > 2 else self.size - 1

    def _support(self, device: torch.device | str | None) -> tuple[torch.Tensor, torch.Tensor]:
        """Return rows and columns of the entries, in row-major order."""
        if self.edges is not None:
            ends = torch.tensor(self.edges, dtype=torch.int64, device=device).view(-1, 2)
            nodes = torch.arange(self.size, device=device)
            rows = torch.cat((nodes, ends[:, 0], ends[:, 1]))
            columns = torch.cat((nodes, ends[:, 1], ends[:, 0]))
        else:
            offsets = torch.tensor(self._offsets, device=device)[:, None]
            nodes = torch.arange(self.size, device=device)
            near = (nodes + offsets) % self.size
            width = self.size if self.sizes is None else self.sizes[1]
            down, across = near // width - nodes // width, near % width - nodes % width
            distance = down.abs() + across.abs()
            if self.graph == "ring":
                distance = distance.minimum(self.size - distance)
            kept = distance <= 1
            rows, columns = nodes.expand_as(near)[kept], near[kept]
        order = (rows * self.size + columns).argsort()
        return rows[order], columns[order]

    def _multiplicity(self) -> int:
        return 1

    def _slots(self) -> torch.Tensor:
        """Return where each entry lies in the cyclic diagonals, of which there is one per shift."""
        offsets = torch.tensor(self._offsets, device=self.rows.device) % self.size
        steps = (self.columns - self.rows) % self.size
        return (steps[:, None] == offsets).long().argmax(-1) * self.size + self.rows

    def _diagonals(self) -> torch.Tensor:
        """Return the cyclic diagonals, ``(shifts, size)``, with zeros between no neighbours."""
        zeros = self.weight.new_zeros(len(self._offsets) * self.size)
        return zeros.index_copy(0, self.slots, self.weight).view(-1, self.size)

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        if self.edges is not None:
            return self._multiply(self.weight, x)
        return self._shifted(x, list(self._diagonals()), self._offsets)

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        if self.edges is not None:
            return self._multiply_adjoint(self.weight, y)
        diagonals = zip(self._diagonals().conj(), self._offsets, strict=True)
        moved = [diagonal.roll(offset) for diagonal, offset in diagonals]
        return self._shifted(y, moved, [-offset for offset in self._offsets])

    def _shifted(
        self, x: torch.Tensor, diagonals: list[torch.Tensor], offsets: list[int]
    ) -> torch.Tensor:
        """Return the sum of the diagonals times ``x`` shifted, around the ends."""
        border = max(map(abs, offsets))
        around = torch.cat((x[self.size - border :], x, x[:border]))
        first, *others = [
            around.narrow(0, border + offset, self.size) * diagonal.unsqueeze(1)
            for diagonal, offset in zip(diagonals, offsets, strict=True)
        ]
        return sum(others, start=first)

    def _cost(self, batch: int) -> Cost:
        return self._pattern_cost(batch)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return self._scattered(self.weight)

    def _symbol(self) -> str:
        if self.sizes is not None:
            return f"Neighbours(grid {self.sizes[0]}×{self.sizes[1]})"
        return f"Neighbours({self.graph or 'graph'} {self.size})"


def _checked_edges(edges: Any, size: int) -> tuple[tuple[int, ...], ...]:
    if isinstance(edges, str) or not isinstance(edges, Sequence):
        raise TypeError(f"edges must be a sequence of pairs, got {checks.show(edges)}")
    pairs = tuple(checks.int_sequence("edges", pair, size - 1) for pair in edges)
    for pair in pairs:
        if len(pair) != 2 or pair[0] == pair[1]:
            raise ValueError(f"edges must be pairs of distinct nodes, got {checks.show(pair)}")
    if len({frozenset(pair) for pair in pairs}) != len(pairs):
        raise ValueError("edges must have every pair of neighbours once, got one of them twice")
    return pairs


def edges_of(adjacency: Any) -> tuple[tuple[int, int], ...]:
    """Return the edges of a graph, for `NearestNeighbours`.

    Parameters
    ----------
    adjacency : Tensor, array or list of lists
        Square and symmetric, of bools or numbers: two nodes are neighbours where it is not zero.
        The diagonal does not matter.

    Raises
    ------
    ValueError
        If it is not a square symmetric matrix.
    """
    if isinstance(adjacency, torch.Tensor):
        adjacency = adjacency.detach().cpu().numpy()
    try:
        matrix = np.asarray(adjacency, dtype=bool)
    except (TypeError, ValueError):
        matrix = np.empty(0, dtype=bool)
    if matrix.ndim != 2 or matrix.shape != matrix.T.shape or (matrix != matrix.T).any():
        raise ValueError(
            f"adjacency must be a square symmetric matrix, got {checks.show(adjacency)}"
        )
    rows, columns = np.nonzero(np.triu(matrix, 1))
    return tuple(zip(rows.tolist(), columns.tolist(), strict=True))
