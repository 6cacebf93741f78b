"""What the two kinds of linear combinations of fixed matrices have in common."""

import math

import torch
from torch import nn

from prodsumnet.numerics import checks
from prodsumnet.operators.base import LinearOperator


class Combination(LinearOperator):
    r"""The numbers :math:`\theta_k` of a linear combination :math:`\sum_k \theta_k A_k`.

    A subclass calls `_allocate` at the end of its constructor and defines `_stack`.
    """

    weight: nn.Parameter

    def _allocate(
        self, count: int, device: torch.device | str | None, dtype: torch.dtype | None
    ) -> None:
        numbers = torch.empty(count, device=device, dtype=checks.numeric_dtype(dtype))
        self.weight = nn.Parameter(numbers)
        if not numbers.is_meta:
            with torch.no_grad():
                # Not `reset_parameters`, which would redraw the numbers of trained terms, and
                # whose exact gain costs a dense matrix, however large.
                self._draw(1.0)

    def _draw(self, gain: float) -> None:
        self.weight.normal_(std=gain / math.sqrt(len(self.weight)))

    def _stack(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        """Return the fixed matrices, ``(terms, out, in)``, complex if one of them is."""
        raise NotImplementedError

    def _reset(self, gain: float) -> None:
        self._draw(gain)

    def _rescalable(self) -> bool:
        return True

    def _rescale(self, factor: float) -> None:
        self.weight.mul_(factor)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        weight, stack = checks.unify(self.weight, self._stack(dtype, device))
        return torch.tensordot(weight, stack, dims=1)

    @torch.no_grad()
    def _project(self, target: torch.Tensor) -> None:
        """Set the numbers to the least-squares fit of a dense ``(out, in)`` target."""
        # Solvers have no half precision.
        dtype = torch.promote_types(self.weight.dtype, torch.float32)
        matrices = self._stack(dtype, self.weight.device).flatten(1)
        goal = target.reshape(1, -1)
        common = torch.promote_types(torch.promote_types(matrices.dtype, goal.dtype), dtype)
        matrices, goal = matrices.to(common), goal.to(common)
        if common.is_complex and not self.weight.is_complex():
            # Real numbers fit the real and the imaginary part at once.
            matrices = torch.view_as_real(matrices).flatten(1)
            goal = torch.view_as_real(goal).flatten(1)
        self.weight.copy_(torch.linalg.lstsq(matrices.mT, goal.mT).solution[:, 0])
