"""Alternating least squares for any expression.

A matrix ``W = Σ L A(θ) R`` is affine in the numbers of each of its leaves while the others are held
fixed, and in those of several leaves together that no product brings together; so every block of
such leaves has a linear least-squares problem of its own (Kroonenberg & De Leeuw 1980 for the
Tucker decomposition). Leaves that occur several times are improved by damped Gauss-Newton steps.
"""

from prodsumnet.fitting.gauss_newton import gauss_newton_step
from prodsumnet.fitting.objective import Objective
from prodsumnet.fitting.progress import Progress
from prodsumnet.fitting.steps import is_small, least_squares_step


def alternate(
    objective: Objective,
    progress: Progress,
    blocks: list[list[int]],
    others: list[int],
    enough: float,
) -> None:
    """Improve the numbers block by block until a sweep lowers the error by less than a share.

    Parameters
    ----------
    objective : Objective
        Whose numbers are changed.
    progress : Progress
        Records a sweep as an iteration.
    blocks, others : list
        The blocks of parameters, and those in which it is not linear, see `affine_blocks`.
    enough : float
        Least share of the error that a sweep must take away to be followed by another one.
    """
    nonlinear = [[position] for position in others if is_small(objective, [position])]
    damping = dict.fromkeys(others, 1e-3)
    while progress.goes_on(enough):
        for block in blocks:
            step = least_squares_step(objective, block)
            progress.accept(objective, block, step)
        for block in nonlinear:
            damping[block[0]] = gauss_newton_step(objective, block, progress, damping[block[0]])
        progress.record()
