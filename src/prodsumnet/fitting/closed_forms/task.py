"""What a closed form is asked."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import torch

from prodsumnet.fitting.metric import Metric
from prodsumnet.operators import LinearOperator


@dataclass(frozen=True)
class Task:
    """An operator to be set, and the matrix that it should be near to.

    Parameters
    ----------
    operator : LinearOperator
        In 64-bit arithmetic; its numbers are set in place.
    target : Tensor
        The dense matrix, likewise.
    metric : Metric or None
        How differences are weighted; None if they are not.
    generator : torch.Generator
        Of random numbers that a form may need, on the CPU.
    sweeps : int
        Most sweeps that improve what is near the best already.
    """

    operator: LinearOperator
    target: torch.Tensor
    metric: Metric | None
    generator: torch.Generator
    sweeps: int

    def goal_of(self, numbers: Iterable[torch.Tensor]) -> torch.Tensor | None:
        """Return what numbers can be near to, the real part if they are real; None if some are."""
        kinds = {number.is_complex() for number in numbers}
        if len(kinds) != 1:
            return None
        return self.target if kinds.pop() or not self.target.is_complex() else self.target.real

    def of(self, operator: LinearOperator, target: torch.Tensor) -> "Task":
        """Return the task of another operator, in the same metric."""
        return replace(self, operator=operator, target=target)

    def _weights(self) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        return (None, None) if self.metric is None else (self.metric.left, self.metric.right)

    def _in(
        self,
        operator: LinearOperator,
        target: torch.Tensor,
        left: torch.Tensor | None,
        right: torch.Tensor | None,
    ) -> "Task":
        metric = None if self.metric is None else Metric(left, right)
        return replace(self, operator=operator, target=target.resolve_conj(), metric=metric)

    def adjoint(self, operator: LinearOperator) -> "Task":
        """Return the task of an operator whose adjoint is wanted."""
        left, right = self._weights()
        return self._in(operator, self.target.mH, right, left)

    def transpose(self, operator: LinearOperator) -> "Task":
        """Return the task of an operator whose transpose is wanted."""
        left, right = (None if w is None else w.mT.resolve_conj() for w in self._weights())
        return self._in(operator, self.target.mT, right, left)

    def behind_left(self, operator: LinearOperator, unitary: LinearOperator) -> "Task":
        """Return the task of an operator that a fixed unitary one follows."""
        left, right = self._weights()
        target = _applied(unitary.H, self.target)
        if left is not None:
            left = _congruent(unitary.H, left)
        return self._in(operator, target, left, right)

    def behind_right(self, operator: LinearOperator, unitary: LinearOperator) -> "Task":
        """Return the task of an operator that a fixed unitary one precedes."""
        left, right = self._weights()
        target = _applied(unitary, self.target.mH.resolve_conj()).mH
        if right is not None:
            right = _congruent(unitary, right)
        return self._in(operator, target, left, right)


def _applied(operator: LinearOperator, columns: torch.Tensor) -> torch.Tensor:
    """Return the product of an operator and a matrix."""
    return operator._matvec(columns.mT).mT


def _congruent(operator: LinearOperator, weight: torch.Tensor) -> torch.Tensor:
    """Return ``A L A^H``, Hermitian to the last digit."""
    half = _applied(operator, weight).mH.resolve_conj()
    whole = _applied(operator, half)
    return (whole + whole.mH) / 2
