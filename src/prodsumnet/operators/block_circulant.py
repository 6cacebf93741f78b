"""Matrices of circulant blocks."""

import math

import torch
from torch.nn import functional

from prodsumnet.numerics import checks
from prodsumnet.numerics.block_convolution import block_convolve
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.factor import Factor


class BlockCirculant(Factor, kind="block-circulant"):
    r"""A grid of circulant blocks, one batched FFT and one matrix product for each frequency.

    Parameters
    ----------
    block_rows, block_columns : int
        How many blocks there are.
    block_size : int
        Number of features of a block on both sides; ``weight``, of shape
        ``(block_rows, block_columns, block_size)``, holds the first column of every block.
    device, dtype
        As for torch's layers; a complex ``dtype`` gives complex numbers.

    Notes
    -----
    Block ``(p, q)`` is :math:`F^{-1} \mathrm{diag}(F c_{pq}) F`, so that the blocks of one row
    share the inverse transform and those of one column the transform (CirCNN, Ding et al. 2017).
    """

    def __init__(
        self,
        block_rows: int,
        block_columns: int,
        block_size: int,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        sizes = (
            checks.positive_int("block_rows", block_rows),
            checks.positive_int("block_columns", block_columns),
            checks.positive_int("block_size", block_size),
        )
        super().__init__(sizes[0] * sizes[2], sizes[1] * sizes[2])
        self.block_rows, self.block_columns, self.block_size = sizes
        self._allocate(*sizes, device=device, dtype=dtype)

    def _multiplicity(self) -> int:
        return self.block_size

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return self._blockwise(x, adjoint=False)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return self._blockwise(y, adjoint=True)

    def _blockwise(self, x: torch.Tensor, adjoint: bool) -> torch.Tensor:
        x, weight = checks.unify(x, self.weight)
        if x.numel() == 0:
            # FFT libraries refuse empty batches.
            dense = self._to_dense(x.dtype, x.device).to(x.dtype)
            return functional.linear(x, dense.mH if adjoint else dense)
        # They have no half precision either.
        full = torch.promote_types(x.dtype, torch.float32)
        rows = x.reshape(math.prod(x.shape[:-1]), x.shape[-1]).to(full)
        images = block_convolve(rows, weight.to(full), adjoint)
        return images.to(x.dtype).reshape(*x.shape[:-1], images.shape[1])

    def _cost(self, batch: int) -> Cost:
        transforms = self.block_rows * self.block_columns
        transforms += batch * (self.block_rows + self.block_columns)
        product = Cost.matmul(batch, self.block_rows, self.block_columns)
        # A complex multiplication takes 4 real ones, for half of the frequencies.
        products = Cost(2 * self.block_size * product.flops, self.block_size * product.bytes)
        return Cost.fft(transforms, self.block_size) + products

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        i = torch.arange(self.block_size, device=self.weight.device)
        blocks = self.weight[:, :, (i[:, None] - i) % self.block_size]
        return blocks.transpose(1, 2).reshape(self.shape)

    def _symbol(self) -> str:
        return f"Circulants({self.block_rows}×{self.block_columns}×[{self.block_size}])"
