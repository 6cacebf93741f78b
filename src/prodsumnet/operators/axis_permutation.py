"""Permutations of the axes of a tensor whose entries are the features."""

import math
from collections.abc import Sequence

import torch

from prodsumnet.numerics import checks
from prodsumnet.numerics.permuted import permuted
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.orthonormal import OrthonormalRows

_MAX_AXES = 32


class AxisPermutation(OrthonormalRows, kind="axis-permutation"):
    """The permutation that transposes the axes of a tensor seen as a vector.

    Features, seen as a tensor of the given ``sizes`` in row-major order, are rearranged so that
    axis ``i`` of the result is axis ``order[i]`` of the input. Two axes swapped is the commutation
    matrix, also called perfect shuffle or stride permutation (Van Loan 2000).

    Parameters
    ----------
    sizes : sequence of int
        Lengths of the input's axes.
    order : sequence of int
        A permutation of the axes.

    Raises
    ------
    TypeError
        If either is not a sequence of integers.
    ValueError
        If ``order`` is not a permutation of the axes, or there are more than 32.
    """

    def __init__(self, sizes: Sequence[int], order: Sequence[int]) -> None:
        sizes, order = checks.int_sequence("sizes", sizes), checks.int_sequence("order", order)
        if len(sizes) > _MAX_AXES:
            raise ValueError(f"sizes may have at most {_MAX_AXES} axes, got {len(sizes)}")
        checks.size_tuple("sizes", sizes, len(sizes))
        features = checks.positive_int("the product of sizes", math.prod(sizes))
        super().__init__(features, features)
        if sorted(order) != list(range(len(sizes))):
            raise ValueError(f"order must permute the {len(sizes)} axes, got {checks.show(order)}")
        self.sizes, self.order = sizes, order

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return self._permute(x, self.sizes, self.order)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return self._permute(y, *self.inverse())

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        return self._permute_rows(x, self.sizes, self.order)

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        return self._permute_rows(y, *self.inverse())

    def inverse(self) -> tuple[list[int], list[int]]:
        """Return sizes and order of the permutation that undoes this one."""
        inverse = sorted(range(len(self.order)), key=self.order.__getitem__)
        return [self.sizes[axis] for axis in self.order], inverse

    @staticmethod
    def _permute_rows(x: torch.Tensor, sizes: Sequence[int], order: Sequence[int]) -> torch.Tensor:
        rows = x.reshape(*sizes, x.shape[1])
        return permuted(rows, [*order, len(order)]).reshape(x.shape)

    @staticmethod
    def _permute(x: torch.Tensor, sizes: Sequence[int], order: Sequence[int]) -> torch.Tensor:
        lead = x.shape[:-1]
        axes = [*range(len(lead)), *(len(lead) + axis for axis in order)]
        return permuted(x.reshape(*lead, *sizes), axes).reshape(x.shape)

    def _cost(self, batch: int) -> Cost:
        return Cost.elementwise(batch * self.in_features, batch * self.in_features)

    def _symbol(self) -> str:
        return f"P({'×'.join(map(str, self.sizes))}→{''.join(map(str, self.order))})"
