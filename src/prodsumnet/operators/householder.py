"""Householder reflections."""

import torch
from torch import nn

from prodsumnet.numerics import checks
from prodsumnet.operators.base import LinearOperator
from prodsumnet.operators.cost import Cost


class Householder(LinearOperator, kind="householder"):
    r"""A reflection :math:`I - 2 v v^H / |v|^2` in the plane orthogonal to a trainable ``v``.

    It is unitary and its own inverse. Every orthogonal matrix is a product of at most ``n`` of them
    (Householder 1958); as layers, see Mhammedi et al. (2017).

    Parameters
    ----------
    size : int
        Number of features on both sides, at least two: on one, every reflection is -1. ``vector``
        is ``v``, whose length does not matter but must not be zero.
    device, dtype
        As for torch's layers; a complex ``dtype`` gives a complex vector.

    Raises
    ------
    ValueError
        If ``size`` is below two.
    """

    vector: nn.Parameter

    def __init__(
        self,
        size: int,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        size = checks.bounded_int("size", size, 2, checks.MAX_FEATURES)
        super().__init__(size, size)
        self.size = self.out_features
        numbers = torch.empty(self.size, device=device, dtype=checks.numeric_dtype(dtype))
        self.vector = nn.Parameter(numbers)
        if not numbers.is_meta:
            self.reset_parameters()

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        x, vector = checks.unify(x, self.vector)
        along = (x @ vector.conj()) * (2 / vector.abs().square().sum())
        return x - along.unsqueeze(-1) * vector

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return self._matvec(y)

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        x, vector = checks.unify(x, self.vector)
        along = (vector.conj() @ x) * (2 / vector.abs().square().sum())
        return x - vector.unsqueeze(1) * along

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        return self._matmat(y)

    def _reset(self, gain: float) -> None:
        self.vector.normal_()

    def _cost(self, batch: int) -> Cost:
        numbers = batch * self.size
        return Cost.elementwise(2 * numbers + self.size, numbers, 4 * numbers)

    def second_moment(self) -> float:
        """Exactly 1: a reflection keeps lengths."""
        return 1.0

    def _symbol(self) -> str:
        return f"Householder({self.size})"
