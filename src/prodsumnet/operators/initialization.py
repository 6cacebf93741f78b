"""Variance of what an operator gives, and the common factor that sets it."""

import math
from typing import Any

import torch

from prodsumnet.numerics import checks, streams

_EXACT_FEATURES = 1024
_STEPS = 30
_TOLERANCE = 1e-6


@torch.no_grad()
def second_moment(operator: Any) -> float:
    r"""Mean output variance for white unit-variance input, :math:`\|A\|_F^2 / m`.

    From the dense matrix where the smaller side has at most 1,024 features, else estimated from
    1,024 fixed random sign vectors (Hutchinson 1990).
    """
    if min(operator.shape) <= _EXACT_FEATURES:
        norm = operator.to_dense().abs().square().sum(dtype=torch.float64)
        return norm.item() / operator.out_features
    numbers = [*operator.parameters(), *operator.buffers()]
    device = numbers[0].device if numbers else None
    probes = streams.signs(0, _EXACT_FEATURES * operator.in_features, device)
    dtype = checks.numeric_dtype(operator.dtype)
    images = operator._matvec(probes.view(_EXACT_FEATURES, operator.in_features).to(dtype))
    return images.abs().square().mean(dtype=torch.float64).item()


@torch.no_grad()
def calibrate(operator: Any, gain: float) -> None:
    """Solve ``second_moment() = gain**2`` for a common factor of the numbers, by secants.

    The logarithm of the moment is a smooth function of the logarithm of the factor, and a straight
    line unless fixed terms or shared factors interfere. Where the target cannot be reached the
    numbers stay as they were.
    """
    target, moment = 2 * math.log(gain), operator.second_moment()
    slope, applied = 2.0, 0.0
    for _ in range(_STEPS):
        error = target - math.log(moment) if moment > 0 else 0.0
        if abs(error) < _TOLERANCE:
            return
        step = max(-3.0, min(3.0, error / slope))
        if not operator._rescale(math.exp(step)):
            return
        applied += step
        changed = operator.second_moment()
        if changed <= 0 or (changed - moment) * step <= 0:
            break
        slope = math.log(changed / moment) / step
        moment = changed
    operator._rescale(math.exp(-applied))
