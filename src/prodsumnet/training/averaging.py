"""A moving average of the weights."""

from copy import deepcopy

import torch
from torch import nn


class Average(nn.Module):
    r"""A copy of a model that follows the average of its numbers (Polyak & Juditsky 1992).

    In step n it is :math:`a_n = a_{n-1} + (w_n - a_{n-1}) / \min(n, h)`, the plain mean of the
    numbers until there are ``horizon`` h of them, and an exponential average with that time
    constant afterwards. Running statistics are copied. It is
    `torch.optim.swa_utils.AveragedModel` with the numbers looked up once: to find them among many
    small operators in every step takes as long as a small layer.

    Parameters
    ----------
    model : Module
        The model, with all its numbers where they stay.
    horizon : float
        In steps, at least one.

    Attributes
    ----------
    module : Module
        The copy.
    n_averaged : Tensor
        How many steps are in it.
    """

    n_averaged: torch.Tensor

    def __init__(self, model: nn.Module, horizon: float) -> None:
        super().__init__()
        self.module = deepcopy(model)
        self.register_buffer("n_averaged", torch.tensor(0))
        self._horizon = horizon
        self._kept: list[torch.Tensor] = [*self.module.parameters()]
        self._current: list[torch.Tensor] = [*model.parameters()]
        self._statistics = [*zip(self.module.buffers(), model.buffers(), strict=True)]

    @torch.no_grad()
    def update(self) -> None:
        """Take in the model's present numbers."""
        self.n_averaged += 1
        weight = 1 / min(self.n_averaged.item(), self._horizon)
        lerp = torch._foreach_lerp_  # pyright: ignore[reportPrivateImportUsage]
        lerp(self._kept, self._current, weight)
        for kept, current in self._statistics:
            kept.copy_(current)
