"""Variance of what an operator gives, and the common factor that sets it."""

import math
from collections.abc import Callable
from typing import Any

import torch

from prodsumnet.numerics import streams

_EXACT_FEATURES = 1024
_PROBES = 1024
_FEWEST_PROBES = 32
_CHUNK_NUMBERS = 1 << 24
_NUMBERS = 1 << 25
_BYTES = 1 << 30
_FLOPS = 1 << 35
"""Most numbers at any stage, and most traffic and operations in all, that one moment may take."""

_TOLERANCE = 1e-6
_CLIP = 40.0
_STEPS = 60


@torch.no_grad()
def second_moment(operator: Any) -> float:
    r"""Mean output variance for white unit-variance input, :math:`\|A\|_F^2 / m`.

    From the dense matrix where the smaller side has at most 1,024 features, else estimated from
    1,024 fixed random sign vectors (Hutchinson 1990). Where an expression has so many stages, or
    such wide ones, that either would take seconds, it is estimated from fewer, at least 32.
    """
    # Fixed matrices are known to more digits than torch's default type has.
    chosen = torch.float64 if operator.dtype is None else None
    smallest, widest = min(operator.shape), _width(operator)
    if smallest <= _EXACT_FEATURES and smallest <= _affordable(operator, widest, smallest):
        norm = operator.to_dense(chosen).abs().square().sum(dtype=torch.float64)
        return norm.item() / operator.out_features
    numbers = operator._numbers()
    device = numbers[0].device if numbers else None
    dtype = operator.dtype or torch.float64
    vectors = max(_FEWEST_PROBES, _affordable(operator, widest, _PROBES))
    rows = max(1, min(vectors, _CHUNK_NUMBERS // widest))
    total = 0.0
    for first in range(0, vectors, rows):
        count = min(rows, vectors - first)
        start = first * operator.in_features
        probes = streams.signs(0, count * operator.in_features, device, start)
        images = operator._matvec(probes.view(count, operator.in_features).to(dtype))
        total += images.abs().square().sum(dtype=torch.float64).item()
    return total / (vectors * operator.out_features)


def _width(operator: Any) -> int:
    """Return the most features that an expression has at any stage."""
    parts = [part for part in operator.modules() if hasattr(part, "in_features")]
    return max(max(part.out_features, part.in_features) for part in parts)


def _affordable(operator: Any, widest: int, vectors: int) -> int:
    """Return how many of so many vectors an expression is applied to at little cost."""
    cost = operator._cost(vectors)
    shares = _BYTES / max(cost.bytes, 1), _FLOPS / max(cost.flops, 1), _NUMBERS / widest / vectors
    return int(vectors * min(1.0, *shares))


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
