"""Damped Gauss-Newton steps in all numbers at once (Levenberg 1944; Marquardt 1963).

Near a matrix that the expression can be, they converge quadratically, where alternating steps are
slow. The numbers of one block, in which the matrix is affine, are always at their best for the
others (variable projection: Golub & Pereyra 1973; Ruhe & Wedin 1980): they are not damped, and
solved for again after each step. It then ends in poor minima less often (Hong & Fitzgibbon 2015).
"""

import math
from collections.abc import Sequence

import torch

from prodsumnet.fitting.objective import Objective
from prodsumnet.fitting.progress import Progress
from prodsumnet.fitting.steps import least_squares_step, normal_equations

_START, _SMALLEST, _LARGEST = 1e-3, 1e-15, 1e10
_DOWN, _UP = 0.1, 10.0


def gauss_newton(
    objective: Objective, progress: Progress, projected: Sequence[int], enough: float
) -> None:
    """Improve all numbers together until a step lowers the error by less than a share.

    Parameters
    ----------
    objective : Objective
        Whose numbers are changed.
    progress : Progress
        Records a step as an iteration.
    projected : sequence of int
        A block of parameters in which the difference is affine, or none.
    enough : float
        Least share of the error that a step must take away to be followed by another one.
    """
    damping = _START
    while progress.goes_on(enough):
        block = objective.everything()
        damping = gauss_newton_step(objective, block, progress, damping, projected)
        progress.record()


def gauss_newton_step(
    objective: Objective,
    block: Sequence[int],
    progress: Progress,
    damping: float,
    projected: Sequence[int] = (),
) -> float:
    """Take one step, damped as much as it takes to lower the error; return the next damping."""
    equations = normal_equations(objective, block)
    damped = [torch.full((objective.sizes[k],), float(k not in projected)) for k in block]
    shares = torch.cat(damped).to(equations.gradient)
    while damping <= _LARGEST:
        step = equations.step(damping * shares)
        if projected:
            step = _completed(objective, block, step, projected)
        if progress.accept(objective, block, step):
            return max(_SMALLEST, damping * _DOWN)
        damping *= _UP
    return _START


def _completed(
    objective: Objective, block: Sequence[int], step: torch.Tensor, projected: Sequence[int]
) -> torch.Tensor:
    """Return a step after which the projected numbers are the best for the others."""
    kept = objective.numbers(block)
    objective.assign(block, kept + step)
    if math.isfinite(objective.error()):
        best = objective.numbers(projected) + least_squares_step(objective, projected)
        objective.assign(projected, best)
        step = objective.numbers(block) - kept
    objective.assign(block, kept)
    return step
