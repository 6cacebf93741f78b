"""Permutations of features: given, random by seed, or of the axes of a tensor."""

from collections.abc import Sequence

import torch

from prodsumnet.numerics import checks, streams
from prodsumnet.operators.base import LinearOperator
from prodsumnet.operators.cost import Cost


class Permutation(LinearOperator, kind="permutation"):
    """A permutation matrix, ``(P x)_i = x_{order[i]}``.

    Parameters
    ----------
    size : int
        Number of features.
    seed : int, optional
        Which random permutation, see `prodsumnet.numerics.streams.permutation`.
    order : sequence of int, optional
        A given permutation of ``0 ... size - 1`` instead of a random one.

    Raises
    ------
    ValueError
        If ``order`` is not a permutation.
    """

    index: torch.Tensor
    inverse: torch.Tensor

    def __init__(
        self,
        size: int,
        seed: int = 0,
        order: Sequence[int] | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(size, size)
        self.size, self.seed = self.out_features, checks.seed_int(seed)
        self.order = None if order is None else tuple(order)
        if self.order is None:
            index = streams.permutation(self.seed, self.size, device)
        else:
            if sorted(self.order) != list(range(self.size)):
                raise ValueError(f"order must be a permutation of 0 ... {self.size - 1}")
            index = torch.tensor(self.order, device=device)
        self.register_buffer("index", index, persistent=False)
        self.register_buffer("inverse", index.argsort(), persistent=False)

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return x.index_select(-1, self.index)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return y.index_select(-1, self.inverse)

    def _cost(self, batch: int) -> Cost:
        return Cost.elementwise(batch * self.size, batch * self.size)

    def _symbol(self) -> str:
        return f"P({self.size})"


class AxisPermutation(LinearOperator, kind="axis-permutation"):
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
    ValueError
        If ``order`` is not a permutation of the axes.
    """

    def __init__(self, sizes: Sequence[int], order: Sequence[int]) -> None:
        sizes = checks.size_tuple("sizes", sizes, len(sizes))
        features = checks.number_count("sizes", *sizes)
        super().__init__(features, features)
        if sorted(order) != list(range(len(sizes))):
            raise ValueError(f"order must permute the {len(sizes)} axes, got {tuple(order)}")
        self.sizes, self.order = sizes, tuple(order)

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return self._permute(x, self.sizes, self.order)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        inverse = sorted(range(len(self.order)), key=self.order.__getitem__)
        return self._permute(y, [self.sizes[axis] for axis in self.order], inverse)

    @staticmethod
    def _permute(x: torch.Tensor, sizes: Sequence[int], order: Sequence[int]) -> torch.Tensor:
        lead = x.shape[:-1]
        axes = [*range(len(lead)), *(len(lead) + axis for axis in order)]
        return x.reshape(*lead, *sizes).permute(axes).reshape(x.shape)

    def _cost(self, batch: int) -> Cost:
        return Cost.elementwise(batch * self.in_features, batch * self.in_features)

    def _symbol(self) -> str:
        return f"P({'×'.join(map(str, self.sizes))}→{''.join(map(str, self.order))})"
