"""Permutations of features, given or random by seed."""

from collections.abc import Sequence
from typing import Any

import torch

from prodsumnet.numerics import checks, streams
from prodsumnet.numerics.eager import eager
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.orthonormal import OrthonormalRows


class Permutation(OrthonormalRows, kind="permutation"):
    """A permutation matrix, ``(P x)_i = x_{order[i]}``.

    Parameters
    ----------
    size : int
        Number of features.
    seed : int, optional
        Which random permutation, see `prodsumnet.numerics.streams.permutation`.
    order : sequence of int, optional
        A given permutation of ``0 ... size - 1`` instead of a random one.

    device : torch.device or str, optional
        Where the index lives.

    Raises
    ------
    TypeError
        If ``order`` is not a sequence of integers.
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
        self.order = None if order is None else checks.int_sequence("order", order)
        # The length first: an absurd size must not cost its range.
        if self.order is not None and (
            len(self.order) != self.size or sorted(self.order) != list(range(self.size))
        ):
            raise ValueError(
                f"order must be a permutation of 0 ... {self.size - 1}, "
                f"got {checks.show(self.order)}"
            )

        def index() -> torch.Tensor:
            if self.order is None:
                return streams.permutation(self.seed, self.size, device)
            return torch.tensor(self.order, device=device)

        self._hold("index", index, (self.size,), torch.int64, device)
        self._hold("inverse", lambda: self.index.argsort(), (self.size,), torch.int64, device)

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return _permute(x, self.index, self.inverse, -1)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return _permute(y, self.inverse, self.index, -1)

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        return _permute(x, self.index, self.inverse, 0)

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        return _permute(y, self.inverse, self.index, 0)

    def _cost(self, batch: int) -> Cost:
        return Cost.elementwise(batch * self.size, batch * self.size)

    def _symbol(self) -> str:
        return f"P({self.size})"


def _permute(
    x: torch.Tensor, index: torch.Tensor, inverse: torch.Tensor, axis: int
) -> torch.Tensor:
    if eager(x):
        return _Permute.apply(x, index, inverse, axis)
    return x.index_select(axis, index)


class _Permute(torch.autograd.Function):
    """The gradient is gathered by the inverse, where torch's own one would scatter."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, index: torch.Tensor, inverse: torch.Tensor, axis: int
    ) -> torch.Tensor:
        ctx.arguments = inverse, index, axis
        return x.index_select(axis, index)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        return _permute(gradients[0], *ctx.arguments), None, None, None
