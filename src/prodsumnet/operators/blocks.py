"""Operators side by side: block-diagonal, horizontal and vertical stacks."""

import math
from collections.abc import Iterator, Sequence
from typing import ClassVar, cast

import torch
from torch import nn

from prodsumnet.operators import notation
from prodsumnet.operators.base import LinearOperator, check_operator
from prodsumnet.operators.cost import Cost


class _Blocks(LinearOperator):
    """A list of operators that each see their own slice of the input, the output, or both."""

    name: ClassVar[str]

    def __init__(self, blocks: Sequence[LinearOperator], out_features: int, in_features: int):
        super().__init__(out_features, in_features)
        self.blocks = nn.ModuleList(blocks)

    def __iter__(self) -> Iterator[LinearOperator]:
        return iter(cast(list[LinearOperator], list(self.blocks)))

    def _cost(self, batch: int) -> Cost:
        return sum((block._cost(batch) for block in self), Cost())

    def _reset(self, gain: float) -> None:
        for block in self:
            block.reset_parameters(gain)

    def _rescale(self, factor: float) -> bool:
        return any([block._rescale(factor) for block in self])

    def _denses(self, dtype: torch.dtype, device: torch.device) -> list[torch.Tensor]:
        return [block._to_dense(dtype, device) for block in self]

    def _symbol(self) -> str:
        return f"{self.name}({notation.joined(list(self), ', ', notation.SUM, '×')})"


def _checked(name: str, blocks: Sequence[LinearOperator], side: str | None) -> None:
    if not blocks:
        raise ValueError(f"{name} needs at least one operator, got none")
    for block in blocks:
        check_operator(block)
        if side is not None and getattr(block, side) != getattr(blocks[0], side):
            raise ValueError(
                f"{name} needs equal {side}: {notation.formula(blocks[0])} has "
                f"{getattr(blocks[0], side)}, {notation.formula(block)} has {getattr(block, side)}"
            )


class BlockDiagonal(_Blocks, kind="block-diagonal"):
    """The direct sum of operators: block ``i`` maps slice ``i`` of the input to its own output.

    Parameters
    ----------
    *blocks : LinearOperator
        One or more operators, of any shapes.
    """

    name = "diag"

    def __init__(self, *blocks: LinearOperator) -> None:
        _checked("block_diag", blocks, None)
        super().__init__(
            blocks, sum(b.out_features for b in blocks), sum(b.in_features for b in blocks)
        )

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        parts = x.split([block.in_features for block in self], dim=-1)
        return torch.cat([b._matvec(part) for b, part in zip(self, parts, strict=True)], dim=-1)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        parts = y.split([block.out_features for block in self], dim=-1)
        return torch.cat([b._rmatvec(part) for b, part in zip(self, parts, strict=True)], dim=-1)

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
        _checked("hstack", blocks, "out_features")
        super().__init__(blocks, blocks[0].out_features, sum(b.in_features for b in blocks))

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        parts = x.split([block.in_features for block in self], dim=-1)
        first, *others = [b._matvec(part) for b, part in zip(self, parts, strict=True)]
        return sum(others, start=first)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return torch.cat([block._rmatvec(y) for block in self], dim=-1)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return torch.cat(self._denses(dtype, device), dim=1)

    def _reset(self, gain: float) -> None:
        super()._reset(gain / math.sqrt(len(self.blocks)))


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
        _checked("vstack", blocks, "in_features")
        super().__init__(blocks, sum(b.out_features for b in blocks), blocks[0].in_features)

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([block._matvec(x) for block in self], dim=-1)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        parts = y.split([block.out_features for block in self], dim=-1)
        first, *others = [b._rmatvec(part) for b, part in zip(self, parts, strict=True)]
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
