"""Matrices of few dense blocks, at places that a seed gives."""

import math

import torch

from prodsumnet.numerics import checks, streams
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.factor import Factor
from prodsumnet.operators.feature_major import FeatureMajor

_MAX_COLUMNS = 2**22
"""Most blocks side by side: all of them are permuted, however few are not empty."""


class BlockSparse(FeatureMajor, Factor, kind="block-sparse"):
    r"""A matrix of dense trainable blocks on a grid, most of whose places are empty.

    Parameters
    ----------
    out_features, in_features : int
        Shape.
    block_out_features, block_in_features : int
        Shape of a block; divides that of the matrix.
    num_blocks : int
        How many blocks are not empty; ``weight`` is
        ``(num_blocks, block_out_features, block_in_features)``.
    seed : int, optional
        Gives the places of the blocks. They are balanced: the numbers of blocks in two rows of the
        grid, and in two columns, differ by little, so that no feature is left out if the blocks
        suffice.
    device, dtype
        As for torch's layers; a complex ``dtype`` gives complex numbers.

    Raises
    ------
    ValueError
        If the block's shape does not divide the matrix's, there are more blocks than places, or
        the grid has more than 2**22 columns.

    Notes
    -----
    Block ``t`` of a grid of ``r`` rows and ``c`` columns lies in row ``t mod r`` and column
    :math:`\pi(t + \lfloor t / \mathrm{lcm}(r, c) \rfloor \bmod c)` with a random permutation
    :math:`\pi`: permuted diagonals, which never meet (compare Gray, Radford & Kingma 2017).
    """

    columns: torch.Tensor

    def __init__(
        self,
        out_features: int,
        in_features: int,
        block_out_features: int,
        block_in_features: int,
        num_blocks: int,
        seed: int = 0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(out_features, in_features)
        self.block_out_features = checks.positive_int("block_out_features", block_out_features)
        self.block_in_features = checks.positive_int("block_in_features", block_in_features)
        if self.out_features % self.block_out_features or self.in_features % self.block_in_features:
            raise ValueError(
                f"blocks of {self.block_out_features}×{self.block_in_features} do not divide a "
                f"matrix of {self.out_features}×{self.in_features}"
            )
        grid = (
            self.out_features // self.block_out_features,
            self.in_features // self.block_in_features,
        )
        self._grid = grid
        checks.positive_int("the number of blocks side by side", grid[1], _MAX_COLUMNS)
        self.num_blocks = checks.positive_int("num_blocks", num_blocks, math.prod(grid))
        self.seed = checks.seed_int(seed)
        # The last layer of blocks may be incomplete; its missing blocks are zeros when applied.
        self._layers = -(-self.num_blocks // grid[0])
        places = self._layers * grid[0]
        checks.number_count("BlockSparse", places, self.block_out_features, self.block_in_features)

        def columns() -> torch.Tensor:
            place = torch.arange(places, device=device)
            diagonal = (place + place // math.lcm(*grid)) % grid[1]
            return streams.permutation(self.seed, grid[1], device)[diagonal]

        self._hold("columns", columns, (places,), torch.int64, device)
        self._allocate(
            self.num_blocks,
            self.block_out_features,
            self.block_in_features,
            device=device,
            dtype=dtype,
        )

    def _multiplicity(self) -> int:
        return 1

    def _rows_of_blocks(self) -> torch.Tensor:
        """Return the blocks row by row, side by side: ``(rows, block_out, layers * block_in)``."""
        missing = len(self.columns) - self.num_blocks
        zeros = self.weight.new_zeros(missing, *self.weight.shape[1:])
        blocks = torch.cat((self.weight, zeros)).unflatten(0, (self._layers, self._grid[0]))
        return blocks.permute(1, 2, 0, 3).flatten(2)

    def _columns_by_rows(self) -> torch.Tensor:
        """Return the columns of the blocks, row by row."""
        return self.columns.view(self._layers, self._grid[0]).mT.reshape(-1)

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        x, blocks = checks.unify(x, self._rows_of_blocks())
        parts = x.reshape(self._grid[1], self.block_in_features, x.shape[1])
        parts = parts.index_select(0, self._columns_by_rows())
        parts = parts.reshape(self._grid[0], blocks.shape[2], x.shape[1])
        return torch.bmm(blocks, parts).flatten(0, 1)

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        y, blocks = checks.unify(y, self._rows_of_blocks())
        parts = y.reshape(self._grid[0], self.block_out_features, y.shape[1])
        images = torch.bmm(blocks.mH, parts)
        images = images.reshape(len(self.columns), self.block_in_features, y.shape[1])
        zeros = images.new_zeros(self._grid[1], *images.shape[1:])
        return zeros.index_add(0, self._columns_by_rows(), images).flatten(0, 1)

    def _cost(self, batch: int) -> Cost:
        width = self._layers * self.block_in_features
        gathered = batch * self._grid[0] * width
        row = Cost.matmul(batch, self.block_out_features, width)
        products = Cost(self._grid[0] * row.flops, self._grid[0] * row.bytes)
        return products + Cost.elementwise(gathered, gathered)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        columns = self.columns[: self.num_blocks]
        rows = torch.arange(self.num_blocks, device=columns.device) % self._grid[0]
        zeros = self.weight.new_zeros(*self._grid, *self.weight.shape[1:])
        blocks = zeros.index_put((rows, columns), self.weight)
        return blocks.transpose(1, 2).reshape(self.shape)

    def _symbol(self) -> str:
        block = f"[{self.block_out_features}×{self.block_in_features}]"
        return f"BlockSparse({self.out_features}×{self.in_features}, {self.num_blocks}×{block})"
