"""What leaves with trainable numbers have in common."""

import math

import torch
from torch import nn

from prodsumnet.numerics import checks
from prodsumnet.operators.base import LinearOperator


class Factor(LinearOperator):
    r"""A structured matrix linear in its own numbers, :math:`A(\theta) = \sum_k \theta_k A_k`.

    The fixed matrices :math:`A_k` are mutually orthogonal in the Frobenius inner product; the
    usual reason is that each number fills its own entries. Two things follow in closed form from
    :math:`N_k = \|A_k\|_F^2`, the multiplicity of a number: the second moment
    :math:`\sum_k N_k |\theta_k|^2 / m`, and the least-squares fit
    :math:`\theta_k = \langle A_k, T \rangle / N_k`.

    A subclass calls `_allocate` at the end of its constructor and defines `_multiplicity`.
    """

    weight: nn.Parameter

    def _allocate(
        self, *sizes: int, device: torch.device | str | None, dtype: torch.dtype | None
    ) -> None:
        checks.number_count(type(self).__name__, *sizes)
        numbers = torch.empty(sizes, device=device, dtype=checks.numeric_dtype(dtype))
        self.weight = nn.Parameter(numbers)
        if not numbers.is_meta:
            self.reset_parameters()

    def _multiplicity(self) -> torch.Tensor | int:
        """Squared Frobenius norms of the fixed matrices, broadcast against ``weight``."""
        raise NotImplementedError

    def second_moment(self) -> float:
        r"""Mean output variance for white unit-variance input, :math:`\|A\|_F^2 / m`, exactly."""
        with torch.no_grad():
            # In float64 throughout: squares of half-precision numbers overflow.
            energy = self.weight.abs().double().square() * self._multiplicity()
            return energy.sum().item() / self.out_features

    def _reset(self, gain: float) -> None:
        self.weight.normal_()
        energy = self.second_moment()
        if energy > 0:
            self.weight.mul_(gain / math.sqrt(energy))

    def _rescalable(self) -> bool:
        return True

    def _rescale(self, factor: float) -> None:
        self.weight.mul_(factor)

    def _project(self, target: torch.Tensor) -> None:
        r"""Set the numbers to the least-squares fit of a dense ``(out, in)`` target.

        The inner products with the fixed matrices are the gradient of
        :math:`\langle A(\theta), T \rangle`, whatever the structure.
        """
        with torch.enable_grad():
            dense = self.to_dense()
            goal = target if dense.is_complex() or not target.is_complex() else target.real
            inner = torch.autograd.grad(dense, self.weight, goal.to(dense.dtype))[0]
        with torch.no_grad():
            self.weight.copy_(inner / self._multiplicity())
