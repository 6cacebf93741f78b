"""Operators side by side: block-diagonal, horizontal and vertical stacks."""

import math
from typing import ClassVar

import torch

from prodsumnet.operators import notation
from prodsumnet.operators.base import LinearOperator
from prodsumnet.operators.compound import Compound, at_least_one, check_equal
from prodsumnet.operators.cost import Cost


class _Blocks(Compound):
    """A list of operators that each see their own slice of the input, the output, or both."""

    members = "blocks"
    name: ClassVar[str]

    def _cost(self, batch: int) -> Cost:
        return sum((block._cost(batch) for block in self), Cost())

    def _reset(self, gain: float) -> None:
        for block in self:
            block.reset_parameters(gain)

    def _rescale(self, factor: float) -> None:
        self._rescale_each(factor)

    def _denses(self, dtype: torch.dtype, device: torch.device) -> list[torch.Tensor]:
        return [block._to_dense(dtype, device) for block in self]

    def _symbol(self) -> str:
        return f"{self.name}({notation.joined(list(self), ', ', notation.LIST, '×')})"


class BlockDiagonal(_Blocks, kind="block-diagonal"):
    """The direct sum of operators: block ``i`` maps slice ``i`` of the input to its own output.

    Parameters
    ----------
    *blocks : LinearOperator
        One or more operators, of any shapes.
    """

    name = "diag"

    def __init__(self, *blocks: LinearOperator) -> None:
        at_least_one("block_diag", blocks)
        super().__init__(
            blocks, sum(b.out_features for b in blocks), sum(b.in_features for b in blocks)
        )

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        parts = x.split([block.in_features for block in self], dim=-1)
        return torch.cat([b._matvec(part) for b, part in zip(self, parts, strict=True)], dim=-1)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        parts = y.split([block.out_features for block in self], dim=-1)
        return torch.cat([b._rmatvec(part) for b, part in zip(self, parts, strict=True)], dim=-1)

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        parts = x.split([block.in_features for block in self])
        return torch.cat([b._matmat(part) for b, part in zip(self, parts, strict=True)])

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        parts = y.split([block.out_features for block in self])
        return torch.cat([b._rmatmat(part) for b, part in zip(self, parts, strict=True)])

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return torch.block_diag(*self._denses(dtype, device))


class HStack(_Blocks, kind="hstack"):
    """Operators side by side, ``[A B] (x, y) = A x + B y``.

    Parameters
    ----------
    *blocks : LinearOperator
        One or more operators with equal ``out_features``.

    Raises
    ------
    ValueError
        If they differ in ``out_features``.
    """

    name = "hstack"

    def __init__(self, *blocks: LinearOperator) -> None:
        at_least_one("hstack", blocks)
        check_equal("hstack", "out_features", blocks)
        super().__init__(blocks, blocks[0].out_features, sum(b.in_features for b in blocks))

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        parts = x.split([block.in_features for block in self], dim=-1)
        first, *others = [b._matvec(part) for b, part in zip(self, parts, strict=True)]
        return sum(others, start=first)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return torch.cat([block._rmatvec(y) for block in self], dim=-1)

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        parts = x.split([block.in_features for block in self])
        first, *others = [b._matmat(part) for b, part in zip(self, parts, strict=True)]
        return sum(others, start=first)

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        return torch.cat([block._rmatmat(y) for block in self])

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return torch.cat(self._denses(dtype, device), dim=1)

    def _reset(self, gain: float) -> None:
        super()._reset(gain / math.sqrt(len(list(self))))


class VStack(_Blocks, kind="vstack"):
    """Operators on top of each other: every one sees the whole input, outputs are concatenated.

    Parameters
    ----------
    *blocks : LinearOperator
        One or more operators with equal ``in_features``.

    Raises
    ------
    ValueError
        If they differ in ``in_features``.
    """

    name = "vstack"

    def __init__(self, *blocks: LinearOperator) -> None:
        at_least_one("vstack", blocks)
        check_equal("vstack", "in_features", blocks)
        super().__init__(blocks, sum(b.out_features for b in blocks), blocks[0].in_features)

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([block._matvec(x) for block in self], dim=-1)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        parts = y.split([block.out_features for block in self], dim=-1)
        first, *others = [b._rmatvec(part) for b, part in zip(self, parts, strict=True)]
        return sum(others, start=first)

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([block._matmat(x) for block in self])

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        parts = y.split([block.out_features for block in self])
        first, *others = [b._rmatmat(part) for b, part in zip(self, parts, strict=True)]
        return sum(others, start=first)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return torch.cat(self._denses(dtype, device), dim=0)


def block_diag(*blocks: LinearOperator) -> BlockDiagonal:
    """Return the direct sum of operators."""
    return BlockDiagonal(*blocks)


def hstack(*blocks: LinearOperator) -> HStack:
    """Return operators side by side."""
    return HStack(*blocks)


def vstack(*blocks: LinearOperator) -> VStack:
    """Return operators on top of each other."""
    return VStack(*blocks)
