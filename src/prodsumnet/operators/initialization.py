"""Variance of what an operator gives, and the common factor that sets it."""

import math
from typing import TYPE_CHECKING

import torch

from prodsumnet.numerics import streams

if TYPE_CHECKING:
    from prodsumnet.operators.base import LinearOperator

_EXACT_FEATURES = 1024
_PROBES = 1024
_PROBE_NUMBERS = 1 << 24
_TOLERANCE = 1e-6
_CLIP = 40.0
_STEPS = 60


@torch.no_grad()
def second_moment(operator: "LinearOperator") -> float:
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
def calibrate(operator: "LinearOperator", gain: float) -> None:
    """Solve ``second_moment() = gain**2`` for a common factor of the trainable numbers.

    The logarithm of the moment is a continuous function of the logarithm of the factor, and a
    straight line unless fixed terms or shared factors interfere. It falls without bound if a
    trainable number lies on every path through the expression. A bracket is found by Newton steps
    along that line, then narrowed by regula falsi in the Illinois variant (Dowell & Jarratt 1971).
    Where fixed terms exceed the target there is no solution and the numbers stay as they were.
    """
    saved = [(number, number.clone()) for number in operator.parameters()]
    if not saved:
        return None
    # Half-precision numbers cannot meet a finer tolerance than their own.
    coarsest = max(torch.finfo(number.dtype.to_real()).eps for number, _ in saved)
    tolerance = max(_TOLERANCE, 4 * coarsest)

    def restore() -> None:
        for number, value in saved:
            number.copy_(value)

    def error(exponent: float) -> float:
        if exponent:
            restore()
            operator._rescale(math.exp(exponent))
        moment = operator.second_moment()
        excess = math.log(moment) - 2 * math.log(gain) if moment > 0 else -_CLIP
        return max(-_CLIP, min(excess, _CLIP))

    start = error(0.0)
    if abs(start) < tolerance or start == -_CLIP:
        return None
    direction = -math.copysign(1.0, start)
    near, near_error, step = 0.0, start, abs(start) / 2
    while True:
        far = near + direction * step
        if abs(far) > _CLIP:
            return restore()
        far_error = error(far)
        if abs(far_error) < tolerance:
            return None
        if far_error * start < 0:
            break
        near, near_error, step = far, far_error, 2 * step
    best = min((abs(near_error), near), (abs(far_error), far))
    for _ in range(_STEPS):
        middle = near - near_error * (far - near) / (far_error - near_error)
        found = error(middle)
        best = min(best, (abs(found), middle))
        if best[0] < tolerance:
            break
        if found * far_error < 0:
            near, near_error = far, far_error
        else:
            near_error /= 2
        far, far_error = middle, found
    error(best[1])
    return None
