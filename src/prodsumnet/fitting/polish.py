"""Gradient polish in all numbers at once, by L-BFGS (Liu & Nocedal 1989)."""

import torch

from prodsumnet.fitting.objective import Objective
from prodsumnet.fitting.progress import Progress

_HISTORY = 20
_INNER = 10
"""Steps that are recorded as one iteration."""


def polish_all(objective: Objective, progress: Progress, enough: float) -> None:
    """Improve all numbers together until an iteration lowers the error by less than a share."""
    block = objective.everything()
    numbers = objective.numbers(block).requires_grad_()
    function = objective.function(block)
    optimizer = torch.optim.LBFGS(
        [numbers],
        max_iter=_INNER,
        history_size=_HISTORY,
        tolerance_grad=0.0,
        tolerance_change=0.0,
        line_search_fn="strong_wolfe",
    )

    def loss() -> torch.Tensor:
        numbers.grad = None
        value = (function(numbers) / objective.scale).square().sum()
        value.backward()
        return value

    while progress.goes_on(enough):
        optimizer.step(loss)  # pyright: ignore[reportArgumentType]
        step = numbers.detach() - objective.numbers(block)
        if not progress.accept(objective, block, step):
            with torch.no_grad():
                numbers.copy_(objective.numbers(block))
        progress.record()
