"""Which parameters of an expression its matrix is linear in, taken together.

Found by trial: a map is affine if ``f(a + b) - f(a) - f(b) + f(0)`` is zero, which for one random
pair it is with probability zero otherwise. So a new kind of operator needs to declare nothing.
"""

from collections.abc import Sequence

import torch

from prodsumnet.fitting.objective import Objective

_TOLERANCE = 1e-9


def affine_blocks(objective: Objective) -> tuple[list[list[int]], list[int]]:
    """Partition the parameters into blocks in which the difference is affine.

    Parameters
    ----------
    objective : Objective
        What is to be fitted; its numbers stay as they are.

    Returns
    -------
    blocks : list of list of int
        Positions of parameters; in each block the difference is affine in all of them together.
        First come, first served.
    others : list of int
        Positions of parameters in which it is not affine even alone, shared ones for example.
    """
    generator = torch.Generator().manual_seed(0)
    kept = objective.numbers(objective.everything())
    # At random numbers, since at zeros everything looks affine.
    objective.assign(objective.everything(), _draw(len(kept), generator, kept))
    blocks: list[list[int]] = []
    others: list[int] = []
    for position in objective.everything():
        if not _affine(objective, [position], generator):
            others.append(position)
            continue
        for block in blocks:
            if _affine(objective, [*block, position], generator):
                block.append(position)
                break
        else:
            blocks.append([position])
    objective.assign(objective.everything(), kept)
    return blocks, others


@torch.no_grad()
def _affine(objective: Objective, block: Sequence[int], generator: torch.Generator) -> bool:
    function, like = objective.function(block), objective.numbers(block)
    a, b = (_draw(len(like), generator, like) for _ in range(2))
    both, first, second = function(a + b), function(a), function(b)
    none = function(torch.zeros_like(a))
    size = max(part.norm().item() for part in (both, first, second, none))
    return (both - first - second + none).norm().item() <= _TOLERANCE * size


def _draw(count: int, generator: torch.Generator, like: torch.Tensor) -> torch.Tensor:
    return torch.randn(count, generator=generator, dtype=like.dtype).to(like.device)
