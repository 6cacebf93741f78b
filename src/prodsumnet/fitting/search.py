"""The best numbers from several starts."""

import math
from itertools import accumulate

import torch

from prodsumnet.fitting.alternating import alternate
from prodsumnet.fitting.closed_forms import solve
from prodsumnet.fitting.gauss_newton import gauss_newton
from prodsumnet.fitting.metric import Metric
from prodsumnet.fitting.multilinearity import affine_blocks
from prodsumnet.fitting.objective import Objective, wide_copy
from prodsumnet.fitting.polish import polish_all
from prodsumnet.fitting.progress import Progress
from prodsumnet.fitting.report import Fit
from prodsumnet.fitting.steps import is_small
from prodsumnet.numerics import streams
from prodsumnet.operators import LinearOperator

_HANDING_OVER = 0.1
"""Share of the error that a sweep must take away for the polish not to take over."""


class Search:
    """The best of several starts."""

    def __init__(self, objective: Objective, limit: int, tolerance: float, polish: bool) -> None:
        self.objective, self.before = objective, objective.start
        self.limit, self.tolerance, self.polish = limit, tolerance, polish
        self.everything = objective.everything()
        self.present = self.best = objective.numbers(self.everything)
        self.errors, self.converged, self.method = (self.before,), limit == 0, "unchanged"
        self._at_best = True

    def run(self, operator: LinearOperator, metric: Metric, restarts: int, seed: int) -> None:
        """Try the closed form, or else the present numbers, and then random ones."""
        objective, generator = self.objective, torch.Generator().manual_seed(seed)
        found = solve(objective.operator, objective.target, metric, generator, self.limit)
        self._at_best = False
        if found is not None:
            if self._start(found.name, found.nearest):
                return
        elif math.isfinite(self.before):
            objective.assign(self.everything, self.present)
            if self._start("alternating", present=True):
                return
        if self.errors[-1] >= self.before and self.limit:
            # As from numbers that are all zero, in which every derivative of a product is zero.
            restarts = max(1, restarts)
        for index in range(restarts if self.limit else 0):
            drawn = self._drawn(operator, streams.derive(seed, index))
            if self._at_best:
                self.best = objective.numbers(self.everything)
            objective.assign(self.everything, drawn)
            if self._start("alternating"):
                return

    def _drawn(self, operator: LinearOperator, seed: int) -> torch.Tensor:
        fresh = wide_copy(operator).cpu()
        gain = self.objective.target.norm().item() / math.sqrt(operator.out_features)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            fresh.reset_parameters(gain if gain > 0 else 1.0)
        return (
            Objective(fresh, self.objective.target.cpu(), Metric())
            .numbers(self.everything)
            .to(self.present.device)
        )

    def _start(self, method: str, nearest: bool = False, present: bool = False) -> bool:
        """Go on from the numbers as they are; return whether nothing is better elsewhere."""
        progress = Progress(self.objective.error(), self.limit, self.objective.rounding)
        if not nearest:
            nearest = refine(self.objective, progress, self.tolerance, self.polish)
        errors = progress.errors[1:] if present else progress.errors
        errors = (self.before, *errors)
        self._at_best = errors[-1] < self.errors[-1]
        if self._at_best:
            self.errors = tuple(accumulate(errors, min))
            self.converged, self.method = nearest or progress.converged, method
        elif nearest or progress.converged:
            self.converged = True
        return nearest

    def give_up(self) -> None:
        """Set the numbers back to what they were."""
        self.objective.assign(self.everything, self.present)

    def hand_over(self, operator: LinearOperator) -> Fit:
        """Give the best numbers to the operator itself, unless rounding makes it worse."""
        if not self._at_best:
            self.objective.assign(self.everything, self.best)
        if self.objective.operator is operator:
            return Fit(self.errors[-1], self.errors, self.converged, self.method)
        kept = [own.detach().clone() for own in operator.parameters()]
        with torch.no_grad():
            for own, fitted in zip(
                operator.parameters(), self.objective.operator.parameters(), strict=True
            ):
                if own.requires_grad:
                    fitted.copy_(own.copy_(fitted))
            error = self.objective.error()
            if error <= self.before:
                return Fit(error, self.errors, self.converged, self.method)
            for own, number in zip(operator.parameters(), kept, strict=True):
                own.copy_(number)
        return Fit(self.before, (self.before,), self.converged, "unchanged")


def refine(objective: Objective, progress: Progress, tolerance: float, polish: bool) -> bool:
    """Improve the numbers of an objective from where they are.

    Returns
    -------
    bool
        Whether the problem is one of linear least squares, so that its end is the only one.
    """
    if not progress.goes_on(0.0):
        return False
    blocks, others = affine_blocks(objective)
    linear = len(blocks) == 1 and not others
    if linear or not polish:
        alternate(objective, progress, blocks, others, tolerance)
        return linear and progress.converged
    alternate(objective, progress, blocks, others, _HANDING_OVER)
    progress.restart()
    if is_small(objective, objective.everything()):
        projected = max(blocks, key=objective.size, default=[])
        gauss_newton(objective, progress, projected, tolerance)
    else:
        polish_all(objective, progress, tolerance)
    return False
