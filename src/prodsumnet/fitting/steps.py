"""Improvements of some of the numbers by linear least squares."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from prodsumnet.fitting.objective import Objective

_LARGEST_JACOBIAN = 1 << 24
_MOST_OPERATIONS = 1 << 31
"""Most numbers of a derivative that is held as a matrix, and operations to square it."""

_CONJUGATE_STEPS = 20
_PRECISION = 1e-12
_RIDGE = 1e-14


@dataclass(frozen=True)
class NormalEquations:
    r"""The linearised problem :math:`\|r + J s\|^2` in the step ``s``: ``J^T J`` and ``J^T r``."""

    gram: torch.Tensor
    gradient: torch.Tensor

    def step(self, damping: torch.Tensor | float = 0.0) -> torch.Tensor:
        """Return the minimiser, damped by so many diagonals of ``J^T J`` (Marquardt 1963).

        By as many for all numbers, or by as many as given for each.
        """
        diagonal = self.gram.diagonal()
        ridge = _RIDGE * diagonal.max() + torch.finfo(diagonal.dtype).tiny
        damped = self.gram + torch.diag(damping * diagonal + ridge)
        factor, failed = torch.linalg.cholesky_ex(damped)
        if not failed:
            return -torch.cholesky_solve(self.gradient[:, None], factor)[:, 0]
        values, vectors = torch.linalg.eigh(damped)
        return -vectors @ ((vectors.mT @ self.gradient) / values.clamp(min=ridge.item()))


def is_small(objective: Objective, block: Sequence[int]) -> bool:
    """Whether the derivative in some parameters is small enough to be held as a matrix."""
    count = objective.size(block)
    held = count * objective.entries
    return held <= _LARGEST_JACOBIAN and held * count <= _MOST_OPERATIONS


def normal_equations(objective: Objective, block: Sequence[int]) -> NormalEquations:
    """Linearise the error in some parameters."""
    jacobian = objective.jacobian(block)
    return NormalEquations(jacobian @ jacobian.mT, jacobian @ objective.residual())


def least_squares_step(objective: Objective, block: Sequence[int]) -> torch.Tensor:
    """Return the step that minimises the linearised error.

    By the normal equations if the derivative is small, else by conjugate gradients on them (CGLS,
    Björck 1996), cut short.
    """
    if is_small(objective, block):
        return normal_equations(objective, block).step()
    forward, adjoint = objective.linearised(block)
    left = -objective.residual()
    gradient = adjoint(left)
    step, direction = torch.zeros_like(gradient), gradient
    size = first = gradient.square().sum()
    for _ in range(_CONJUGATE_STEPS):
        if size <= _PRECISION**2 * first:
            break
        image = forward(direction)
        length = size / image.square().sum()
        step = step + length * direction
        left = left - length * image
        gradient = adjoint(left)
        previous, size = size, gradient.square().sum()
        direction = gradient + size / previous * direction
    return step
