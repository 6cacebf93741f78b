"""How a convolution with a structured kernel matrix is computed: at once, or in two stages."""

import math
from dataclasses import dataclass, replace

import torch

from prodsumnet.evaluation.composed import compose
from prodsumnet.evaluation.strategies import plan
from prodsumnet.operators import (
    BlockDense,
    BlockDiagonal,
    Diagonal,
    Identity,
    KhatriRao,
    Kronecker,
    LinearOperator,
    Product,
    Scaled,
    Sum,
)


@dataclass(frozen=True)
class KernelPlan:
    """A convolution, and perhaps a mixing of its channels afterwards.

    Parameters
    ----------
    operator : LinearOperator
        Kernel matrix of the convolution.
    groups : int
        Groups of the convolution.
    blocks : int
        The kernel matrix is block-diagonal with this many blocks, of which only the diagonal ones
        are kept; 1 for a full one.
    mixing : LinearOperator or None
        Matrix of the 1×1 convolution that follows.
    macs : int
        Multiply-additions of both for one output position.
    """

    operator: LinearOperator
    groups: int
    blocks: int
    mixing: LinearOperator | None
    macs: int

    def kernels(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the flattened kernels ``(channels, taps)`` and the mixing matrix, if any.

        Parameters
        ----------
        x : Tensor
            The images, for the type and the place of matrices that hold no numbers.
        """
        dense = compose(self.operator, x.dtype, x.device)
        if self.blocks > 1:
            grid = dense.unflatten(0, (self.blocks, -1)).unflatten(2, (self.blocks, -1))
            dense = grid.diagonal(dim1=0, dim2=2).permute(2, 0, 1).flatten(0, 1)
        return dense, None if self.mixing is None else compose(self.mixing, x.dtype, x.device)


def kernel_stages(operator: LinearOperator, in_channels: int, groups: int) -> KernelPlan:
    """Return the way with the fewest multiply-additions for one output position.

    A product ``P Q`` of matrices is the convolution ``Q`` followed by the 1×1 convolution ``P``;
    and ``Q`` is depthwise if it is block-diagonal with one block for each channel. Two stages must
    at least halve the arithmetic, since the image between them has to be written and read.

    Parameters
    ----------
    operator : LinearOperator
        Kernel matrix ``(out_channels, in_channels // groups * taps)``.
    in_channels, groups : int
        As in `torch.nn.Conv2d`.
    """
    whole = KernelPlan(operator, groups, 1, None, math.prod(operator.shape))
    inner, scalars = operator, []
    while isinstance(inner, Scaled):
        scalars.append(inner.scalar)
        inner = inner.operator
    factors = list(inner) if isinstance(inner, Product) and groups == 1 else []
    plans: list[KernelPlan] = []
    for cut in range(1, len(factors)):
        mixing, kernel = Product.of(*factors[:cut]), Product.of(*factors[cut:])
        blocks = in_channels if diagonal_blocks(kernel) % in_channels == 0 else 1
        macs = math.prod(kernel.shape) // blocks + math.prod(mixing.shape)
        for scalar in scalars:
            mixing = scalar * mixing
        plans.append(KernelPlan(kernel, blocks, blocks, mixing, macs))
    best = min(plans, key=lambda plan: plan.macs, default=whole)
    return best if 2 * best.macs <= whole.macs else whole


def plan_kernel(
    operator: LinearOperator,
    in_channels: int,
    groups: int,
    dtype: torch.dtype,
    device: torch.device,
) -> KernelPlan:
    """Return the plan of `kernel_stages` with its matrices planned in turn.

    Parameters
    ----------
    operator, in_channels, groups
        As for `kernel_stages`.
    dtype, device
        For the fixed nodes of the kernel matrix, which are computed once.
    """
    stages = kernel_stages(operator, in_channels, groups)
    own = operator.dtype or dtype

    def prepared(part: LinearOperator) -> LinearOperator:
        return plan(part, min(part.shape), own, device)

    mixing = None if stages.mixing is None else prepared(stages.mixing)
    return replace(stages, operator=prepared(stages.operator), mixing=mixing)


def diagonal_blocks(operator: LinearOperator) -> int:
    """Return a number of equal diagonal blocks outside which a matrix is zero, by its structure."""
    if isinstance(operator, Identity | Diagonal):
        return operator.size
    if isinstance(operator, BlockDense):
        return operator.num_blocks
    if isinstance(operator, KhatriRao):
        return diagonal_blocks(next(iter(operator)))
    if isinstance(operator, Scaled):
        return diagonal_blocks(operator.operator)
    if isinstance(operator, Product | Sum):
        return math.gcd(*(diagonal_blocks(part) for part in operator))
    if isinstance(operator, Kronecker):
        total = 1
        for part in operator:
            total *= diagonal_blocks(part)
            if not isinstance(part, Identity | Diagonal):
                break
        return total
    if isinstance(operator, BlockDiagonal):
        shapes = [block.shape for block in operator]
        return len(shapes) if len(set(shapes)) == 1 else 1
    return 1
