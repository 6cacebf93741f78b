"""Which consecutive stages of a chain are multiplied by each other before they are applied."""

import math

from prodsumnet.evaluation.chains.contraction import compose, joint
from prodsumnet.evaluation.chains.stages import Chain, Stage

BATCHES = (1, 32, 256)
"""Numbers of vectors for which groupings are tried."""

_MAX_TENSOR = 2**22
_CALL = 5e-6
_FLOPS = 1e11
_BYTES = 1e10
_FULL_WIDTH = 64
"""Matrices of this many rows and columns are multiplied at full speed, narrower ones slower."""


def groupings(chain: Chain) -> list[Chain]:
    """Return the chain with consecutive stages composed, in the quickest way for some batches.

    Parameters
    ----------
    chain : Chain
        Stages as the factors gave them.
    """
    cuts = dict.fromkeys(_cuts(chain, batch) for batch in BATCHES)
    return [
        Chain(
            tuple(compose(chain, chain.stages[a:b]) for a, b in spans),
            chain.ins,
            chain.outs,
            chain.sizes,
        )
        for spans in cuts
    ]


def alive(chain: Chain) -> list[int]:
    """Return how many numbers a vector has before each stage, and after the last one."""
    counts = [chain.count(chain.ins)]
    for stage in chain.stages:
        counts.append(counts[-1] // chain.count(stage.ins) * chain.count(stage.outs))
    return counts


def _cuts(chain: Chain, batch: int) -> tuple[tuple[int, int], ...]:
    """Return the quickest cut into runs of stages, by dynamic programming from the end."""
    stages, counts = chain.stages, alive(chain)
    best: list[tuple[float, tuple[tuple[int, int], ...]]] = [(0.0, ())]
    for start in reversed(range(len(stages))):
        options = []
        whole, composing = stages[start], 0.0
        for end in range(start + 1, len(stages) + 1):
            if end > start + 1:
                summed = [axis for axis in stages[end - 1].ins if axis in whole.outs]
                whole = _joined(whole, stages[end - 1])
                size = chain.count(whole.axes)
                if size > _MAX_TENSOR:
                    break
                composing += _CALL + 8 * size / _BYTES + 2 * size * chain.count(summed) / _FLOPS
            time = composing + _applied(chain, whole, counts[start], counts[end], batch)
            rest, spans = best[len(stages) - end]
            options.append((time + rest, ((start, end), *spans)))
        best.append(min(options))
    return best[-1][1]


def _joined(first: Stage, second: Stage) -> Stage:
    """Return the axes of two stages as one, without a way to compute its numbers."""
    return Stage((), first.numbers, *joint(first, second))


def _applied(chain: Chain, stage: Stage, before: int, after: int, batch: int) -> float:
    """Return the seconds that applying a stage takes."""
    height, width = chain.count(stage.outs), chain.count(stage.ins)
    efficiency = min(1.0, math.sqrt(height * width) / _FULL_WIDTH)
    moved = 4 * (batch * (before + after) + chain.count(stage.axes))
    return _CALL + 2 * batch * before * height / (_FLOPS * efficiency) + moved / _BYTES
