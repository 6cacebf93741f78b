"""A structured kernel matrix as a chain of convolutions."""

import math
from collections.abc import Iterator, Sequence
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
    Ones,
    Product,
    Scaled,
    Sum,
)


@dataclass(frozen=True)
class Stage:
    """One convolution of a chain.

    Parameters
    ----------
    operator : LinearOperator
        Kernel matrix, ``(out_channels, in_channels // groups * taps)``; of a block-diagonal one
        ``(out_channels, in_channels * taps)``.
    in_channels, groups : int
        As in `torch.nn.Conv2d`.
    sizes : tuple of int
        Kernel size; one along the axes that other stages of the chain convolve.
    axes : tuple of bool
        Which axes of the image this stage convolves.
    blocks : int
        The kernel matrix is block-diagonal with this many blocks, of which only the diagonal ones
        are kept; 1 for a full one.
    """

    operator: LinearOperator
    in_channels: int
    groups: int
    sizes: tuple[int, ...]
    axes: tuple[bool, ...]
    blocks: int = 1

    @property
    def out_channels(self) -> int:
        """Number of channels that it gives."""
        return self.operator.out_features

    @property
    def macs(self) -> int:
        """Multiply-additions for one output position."""
        return self.out_channels * self.in_channels // self.groups * math.prod(self.sizes)

    def kernel(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        """Return the kernels, ``(out_channels, in_channels // groups, *sizes)``.

        Parameters
        ----------
        dtype, device
            Of a matrix that holds no numbers.
        """
        dense = compose(self.operator, dtype, device)
        if self.blocks > 1:
            grid = dense.unflatten(0, (self.blocks, -1)).unflatten(2, (self.blocks, -1))
            dense = grid.diagonal(dim1=0, dim2=2).permute(2, 0, 1).flatten(0, 1)
        return dense.unflatten(1, (-1, *self.sizes))


Chain = tuple[Stage, ...]
"""Convolutions one after the other, the first one first."""


def whole(
    operator: LinearOperator, in_channels: int, groups: int, kernel_size: Sequence[int]
) -> Chain:
    """Return the chain of one convolution with the whole kernel matrix."""
    sizes = tuple(kernel_size)
    return (Stage(operator, in_channels, groups, sizes, (True,) * len(sizes)),)


def chains(
    operator: LinearOperator, in_channels: int, groups: int, kernel_size: Sequence[int]
) -> list[Chain]:
    r"""Return the chains of more than one convolution that a kernel matrix is equal to.

    A product ``P Q`` of matrices is the convolution ``Q`` followed by the 1×1 (pointwise) ``P``.
    In turn ``Q`` is depthwise if it is block-diagonal with one block for each channel; row-wise
    Kronecker products :math:`A \bullet T` are the pointwise ``A`` and then one kernel of ``T`` for
    each channel, which is itself separable if it is such a product (CP, Lebedev et al. 2015); and
    :math:`G (A \otimes I)` is the pointwise ``A`` and then ``G`` (Tucker, Kim et al. 2016).

    Parameters
    ----------
    operator : LinearOperator
        Kernel matrix ``(out_channels, in_channels // groups * taps)``.
    in_channels, groups : int
        As in `torch.nn.Conv2d`; grouped convolutions are not taken apart.
    kernel_size : sequence of int
        Sizes of the kernels.
    """
    if groups > 1:
        return []
    scalar, inner = 1, operator
    while isinstance(inner, Scaled):
        scalar, inner = scalar * inner.scalar, inner.operator
    factors = list(inner) if isinstance(inner, Product) else [inner]
    builder = _Builder(tuple(kernel_size))
    found = [chain for chain in builder.cuts(factors, in_channels) if len(chain) > 1]
    return [_scaled(chain, scalar) for chain in found]


def cheapest(
    operator: LinearOperator, in_channels: int, groups: int, kernel_size: Sequence[int]
) -> Chain:
    """Return the chain with the fewest multiply-additions for one output position.

    Several stages must at least halve the arithmetic, since the images between them have to be
    written and read.

    Parameters
    ----------
    operator, in_channels, groups, kernel_size
        As for `chains`.
    """
    single = whole(operator, in_channels, groups, kernel_size)
    found = chains(operator, in_channels, groups, kernel_size)
    best = min(found, key=macs, default=single)
    return best if 2 * macs(best) <= macs(single) else single


def macs(chain: Chain) -> int:
    """Return the multiply-additions of a chain for one position of the image."""
    return sum(stage.macs for stage in chain)


def prepared(chain: Chain, dtype: torch.dtype, device: torch.device) -> Chain:
    """Return a chain with its matrices planned in turn, fixed nodes of them computed once.

    Parameters
    ----------
    chain : tuple of Stage
        The chain.
    dtype, device
        Of what is computed once.
    """
    return tuple(
        replace(s, operator=plan(s.operator, min(s.operator.shape), dtype, device)) for s in chain
    )


class _Builder:
    """Takes products of factors apart, for one size of kernels."""

    def __init__(self, sizes: tuple[int, ...]) -> None:
        self.sizes, self.taps = sizes, math.prod(sizes)
        self.all, self.none = (True,) * len(sizes), (False,) * len(sizes)

    def cuts(self, factors: list[LinearOperator], channels: int) -> Iterator[Chain]:
        """Yield the chains of a product, for each number of factors in the last 1×1 stage."""
        factors = self.merged(factors)
        for cut in range(len(factors)):
            for chain in self.convolutions(factors[cut:], channels):
                if cut == 0:
                    yield chain
                else:
                    mixing = Product.of(*factors[:cut])
                    yield (*chain, self.pointwise(mixing, mixing.in_features))

    def merged(self, factors: list[LinearOperator]) -> list[LinearOperator]:
        """Multiply a row-wise product by the Kronecker product after it, part by part."""
        if len(factors) == 1:
            return factors
        *others, first, last = factors
        if not isinstance(first, KhatriRao | Kronecker) or not isinstance(last, Kronecker):
            return factors
        parts = split(last, self.taps)
        above = split(first, math.prod(part.out_features for part in parts[1])) if parts else None
        if parts is None or above is None or not (all(above) and all(parts)):
            return factors
        pairs = zip(above, parts, strict=True)
        joined = (Product.of(joint(first, a), joint(last, b)) for a, b in pairs)
        return [*others, type(first)(*joined)]

    def convolutions(self, factors: list[LinearOperator], channels: int) -> Iterator[Chain]:
        """Yield the chains of a product without a last 1×1 stage."""
        operator, last = Product.of(*factors), factors[-1]
        if diagonal_blocks(operator) % channels == 0 and channels > 1:
            yield (Stage(operator, channels, channels, self.sizes, self.all, channels),)
        else:
            yield (Stage(operator, channels, 1, self.sizes, self.all),)
        if not isinstance(last, KhatriRao | Kronecker):
            return
        parts = split(last, self.taps)
        if parts is None or not parts[0]:
            return
        head, tail = joint(last, parts[0]), parts[1]
        before = () if head.is_identity else (self.pointwise(head, channels),)
        rank = head.out_features
        if isinstance(last, KhatriRao):
            if len(factors) == 1 and tail:
                kernel = joint(last, tail)
                yield (*before, Stage(kernel, rank, rank, self.sizes, self.all))
                yield from ((*before, *chain) for chain in self.separable(tail, rank))
        elif len(factors) == 1 and tail:
            kernel = Kronecker(Ones(rank, 1), *tail)
            yield (*before, Stage(kernel, rank, rank, self.sizes, self.all))
        elif len(factors) > 1 and before and tail:
            rest = [*factors[:-1], Kronecker(Identity(rank), *tail)]
            if all(part.is_identity for part in tail):
                rest = factors[:-1]
            yield (*before, Stage(Product.of(*rest), rank, 1, self.sizes, self.all))

    def separable(self, parts: list[LinearOperator], channels: int) -> Iterator[Chain]:
        """Yield depthwise kernels that are products of one vector for each axis."""
        if len(parts) == len(self.sizes) > 1 and [p.in_features for p in parts] == [*self.sizes]:
            stages = []
            for axis, part in enumerate(parts):
                along = tuple(axis == other for other in range(len(self.sizes)))
                size = tuple(n if on else 1 for n, on in zip(self.sizes, along, strict=True))
                stages.append(Stage(part, channels, channels, size, along))
            yield tuple(stages)

    def pointwise(self, operator: LinearOperator, channels: int) -> Stage:
        """Return a 1×1 convolution."""
        return Stage(operator, channels, 1, (1,) * len(self.sizes), self.none)


def split(
    operator: KhatriRao | Kronecker, taps: int
) -> tuple[list[LinearOperator], list[LinearOperator]] | None:
    """Return the factors that act on channels and those that act on ``taps``, if none does both."""
    parts, product = list(operator), 1
    for start in range(len(parts) - 1, -1, -1):
        product *= parts[start].in_features
        if product >= taps:
            return (parts[:start], parts[start:]) if product == taps else None
    return None


def joint(kind: KhatriRao | Kronecker, parts: list[LinearOperator]) -> LinearOperator:
    """Return the product of some factors of a Kronecker product, or of a row-wise one."""
    return parts[0] if len(parts) == 1 else type(kind)(*parts)


def _scaled(chain: Chain, scalar: complex) -> Chain:
    """Multiply the last stage by a constant."""
    if scalar == 1:
        return chain
    *others, last = chain
    return (*others, replace(last, operator=scalar * last.operator))


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
