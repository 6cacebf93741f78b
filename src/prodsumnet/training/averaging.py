"""A moving average of the weights."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel


def averaged(model: nn.Module, horizon: float) -> AveragedModel:
    """Return a copy of a model that follows the average of its numbers.

    It is the plain mean of the numbers after every step until there are ``horizon`` of them, and
    an exponential average with that time constant afterwards. Running statistics are copied.
    """

    @torch.no_grad()
    def update(average: Sequence[Any], current: Sequence[Any], count: Any) -> None:
        weight = 1 / min(float(count) + 1, horizon)
        lerp = torch._foreach_lerp_  # pyright: ignore[reportPrivateImportUsage]
        lerp(list(average), list(current), weight)

    return AveragedModel(model, multi_avg_fn=update)
