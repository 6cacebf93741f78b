"""Block-diagonal matrices of equal dense blocks, held and applied as one tensor."""

import math

import torch

from prodsumnet.numerics import checks
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.factor import Factor


class BlockDense(Factor, kind="block-dense"):
    """A block-diagonal matrix of ``num_blocks`` full blocks of one shape.

    Parameters
    ----------
    num_blocks : int
        Number of blocks.
    block_out_features, block_in_features : int
        Shape of a block; ``weight`` is ``(num_blocks, block_out_features, block_in_features)``.
    device, dtype
        As for torch's layers.
    """

    def __init__(
        self,
        num_blocks: int,
        block_out_features: int,
        block_in_features: int,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        num_blocks = checks.positive_int("num_blocks", num_blocks)
        sizes = (
            checks.positive_int("block_out_features", block_out_features),
            checks.positive_int("block_in_features", block_in_features),
        )
        super().__init__(num_blocks * sizes[0], num_blocks * sizes[1])
        self.num_blocks = num_blocks
        self.block_out_features, self.block_in_features = sizes
        self._allocate(self.num_blocks, *sizes, device=device, dtype=dtype)

    def _multiplicity(self) -> int:
        return 1

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return self._blockwise(x, self.weight.mT)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return self._blockwise(y, self.weight.conj())

    def _blockwise(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        x, weight = checks.unify(x, weight)
        blocks = x.reshape(math.prod(x.shape[:-1]), self.num_blocks, weight.shape[-2])
        images = torch.bmm(blocks.transpose(0, 1), weight).transpose(0, 1)
        return images.reshape(*x.shape[:-1], self.num_blocks * weight.shape[-1])

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        return self._blockwise_columns(x, self.weight)

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        return self._blockwise_columns(y, self.weight.mH)

    def _blockwise_columns(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        if x.shape[1] == 1:
            # Products with single columns are slow.
            return self._blockwise(x.mT, weight.mT).mT
        x, weight = checks.unify(x, weight)
        images = torch.bmm(weight, x.reshape(self.num_blocks, weight.shape[-1], x.shape[-1]))
        return images.flatten(0, 1)

    def _cost(self, batch: int) -> Cost:
        block = Cost.matmul(batch, self.block_out_features, self.block_in_features)
        return Cost(self.num_blocks * block.flops, self.num_blocks * block.bytes)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return torch.block_diag(*self.weight)

    def _symbol(self) -> str:
        return f"Blocks({self.num_blocks}×[{self.block_out_features}×{self.block_in_features}])"
