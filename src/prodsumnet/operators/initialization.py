"""Variance of what an operator gives, and the common factor that sets it."""

import math
from collections.abc import Callable
from typing import Any

import torch

from prodsumnet.numerics import streams

_EXACT_FEATURES = 1024
_PROBES = 1024
_PROBE_NUMBERS = 1 << 24
_TOLERANCE = 1e-6
_CLIP = 40.0
_STEPS = 60


@torch.no_grad()
def second_moment(operator: Any) -> float:
    r"""Mean output variance for white unit-variance input, :math:`\|A\|_F^2 / m`.

    From the dense matrix where the smaller side has at most 1,024 features, else estimated from
    1,024 fixed random sign vectors (Hutchinson 1990).
    """
    # Fixed matrices are known to more digits than torch's default type has.
    chosen = torch.float64 if operator.dtype is None else None
    if min(operator.shape) <= _EXACT_FEATURES:
        norm = operator.to_dense(chosen).abs().square().sum(dtype=torch.float64)
        return norm.item() / operator.out_features
    numbers = operator._numbers()
    device = numbers[0].device if numbers else None
    dtype = operator.dtype or torch.float64
    rows = max(1, min(_PROBES, _PROBE_NUMBERS // max(operator.shape)))
    total = 0.0
    for first in range(0, _PROBES, rows):
        count = min(rows, _PROBES - first)
        start = first * operator.in_features
        probes = streams.signs(0, count * operator.in_features, device, start)
        images = operator._matvec(probes.view(count, operator.in_features).to(dtype))
        total += images.abs().square().sum(dtype=torch.float64).item()
    return total / (_PROBES * operator.out_features)


@torch.no_grad()
def calibrate(operator: Any, gain: float) -> bool:
    """Solve ``second_moment() = gain**2`` for a common factor of the trainable numbers.

    The logarithm of the moment is a continuous function of the logarithm of the factor, and a
    straight line unless fixed terms or shared factors interfere. It falls without bound if a
    trainable number lies on every path through the expression, and there is a solution then. Where
    fixed terms exceed the target there is none, and the numbers stay as they were; likewise where
    no number scales the operator, as in one of angles alone.

    Returns
    -------
    bool
        False if the numbers cancel, and others should be drawn.
    """
    if not operator._rescalable():
        return True
    saved = [(number, number.clone()) for number in operator.parameters()]
    # Half-precision numbers cannot meet a finer tolerance than their own.
    coarsest = max(torch.finfo(number.dtype.to_real()).eps for number, _ in saved)
    tolerance = max(_TOLERANCE, 4 * coarsest)

    def error(exponent: float) -> float:
        """Excess of the logarithm, with the drawn numbers rescaled by ``exp(exponent)``."""
        if exponent:
            for number, value in saved:
                number.copy_(value)
            operator._rescale(math.exp(exponent))
        moment = operator.second_moment()
        excess = math.log(moment) - 2 * math.log(gain) if moment > 0 else -_CLIP
        return max(-_CLIP, min(excess, _CLIP))

    start = error(0.0)
    if abs(start) >= tolerance and start > -_CLIP and not _solve(error, start, tolerance):
        for number, value in saved:
            number.copy_(value)
    return start > -_CLIP


def _solve(error: Callable[[float], float], start: float, tolerance: float) -> bool:
    """Leave an operator at a zero of ``error``, or as near as it comes; False if there is none.

    Newton steps as on a line of slope 2, which ends the matter in the usual case, then doubled ones
    bracket the zero; regula falsi in the Illinois variant (Dowell & Jarratt 1971) narrows that.
    """
    direction = -math.copysign(1.0, start)
    near, near_error, step = 0.0, start, abs(start) / 2
    while True:
        far = near + direction * step
        if abs(far) > _CLIP:
            return False
        far_error = error(far)
        if abs(far_error) < tolerance:
            return True
        if far_error * start < 0:
            break
        near, near_error, step = far, far_error, 2 * step
    best = min((abs(near_error), near), (abs(far_error), far))
    for _ in range(_STEPS):
        middle = near - near_error * (far - near) / (far_error - near_error)
        found = error(middle)
        best = min(best, (abs(found), middle))
        if best[0] < tolerance:
            return True
        if found * far_error < 0:
            near, near_error = far, far_error
        else:
            near_error /= 2
        far, far_error = middle, found
    # Not continuous at this precision.
    error(best[1])
    return True
