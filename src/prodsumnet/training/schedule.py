"""The one-cycle learning rate."""

import math


def one_cycle(done: float, warmup: float) -> float:
    r"""Return the fraction of the largest learning rate when a fraction ``done`` is behind.

    It rises linearly over ``warmup`` and falls to zero by half a cosine,
    :math:`(1 + \cos \pi t) / 2` (Smith & Topin 2019).
    """
    if done < warmup:
        return done / warmup
    return (1 + math.cos(math.pi * (done - warmup) / (1 - warmup))) / 2
