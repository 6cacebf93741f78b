"""The errors of a fit as it goes, and the rule that only improving steps are taken."""

import math
from collections.abc import Sequence

import torch

from prodsumnet.fitting.objective import Objective


class Progress:
    """Errors per iteration.

    Parameters
    ----------
    error : float
        At the start.
    limit : int
        Most iterations.
    rounding : float
        Error below which there is only rounding.
    """

    def __init__(self, error: float, limit: int, rounding: float) -> None:
        self.errors = [error]
        self.current = error
        self.limit, self.rounding = limit, rounding
        self.converged = False
        self._fresh = True

    def restart(self) -> None:
        """Let the next iteration follow whatever the last one has brought."""
        self._fresh, self.converged = True, False

    def record(self) -> None:
        """End an iteration."""
        self.errors.append(self.current)
        self._fresh = False

    def goes_on(self, enough: float) -> bool:
        """Whether another iteration follows, for which the last must have brought enough."""
        last, previous = self.errors[-1], self.errors[-2] if len(self.errors) > 1 else math.inf
        stationary = not self._fresh and not previous - last > enough * previous
        self.converged = last <= self.rounding or stationary
        return not self.converged and len(self.errors) <= self.limit

    def accept(self, objective: Objective, block: Sequence[int], step: torch.Tensor) -> bool:
        """Take a step if it lowers the error."""
        kept = objective.numbers(block)
        objective.assign(block, kept + step)
        error = objective.error()
        if error < self.current:
            self.current = error
            return True
        objective.assign(block, kept)
        return False
