"""Damped Gauss-Newton steps in all numbers at once (Levenberg 1944; Marquardt 1963).

Near a matrix that the expression can be, they converge quadratically, where alternating steps are
slow.
"""

from collections.abc import Sequence

from prodsumnet.fitting.objective import Objective
from prodsumnet.fitting.progress import Progress
from prodsumnet.fitting.steps import normal_equations

_START, _SMALLEST, _LARGEST = 1e-3, 1e-15, 1e10
_DOWN, _UP = 0.1, 10.0


def gauss_newton(objective: Objective, progress: Progress, enough: float) -> None:
    """Improve all numbers together until a step lowers the error by less than a share."""
    damping = _START
    while progress.goes_on(enough):
        damping = gauss_newton_step(objective, objective.everything(), progress, damping)
        progress.record()


def gauss_newton_step(
    objective: Objective, block: Sequence[int], progress: Progress, damping: float
) -> float:
    """Take one step, damped as much as it takes to lower the error; return the next damping."""
    equations = normal_equations(objective, block)
    while damping <= _LARGEST:
        if progress.accept(objective, block, equations.step(damping)):
            return max(_SMALLEST, damping * _DOWN)
        damping *= _UP
    return _START
