"""Numbers in eight bits: whole multiples of a step, and one step for each tensor.

Uniform, symmetric quantisation (Jacob et al. 2018, without an offset): with m the largest magnitude
in a tensor, a number x is kept as ``round(x / s)`` for ``s = m / 127``, and off by s / 2 at most.
"""

from collections.abc import Sequence

import torch

_LARGEST = 127


def quantize(numbers: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the codes of some tensors, in one int8 vector, and their steps in another.

    Parameters
    ----------
    numbers : sequence of Tensor
        Vectors of real numbers, all of one type, which is also that of the steps.
    """
    steps = torch.stack([vector.abs().max() / _LARGEST for vector in numbers])
    # In double precision: bfloat16 would round a quotient near 127 to 128, which int8 has not.
    codes = [
        (vector.double() / step.double()).round() if step else torch.zeros_like(vector).double()
        for vector, step in zip(numbers, steps, strict=True)
    ]
    return torch.cat(codes).to(torch.int8), steps


def dequantize(codes: torch.Tensor, steps: torch.Tensor, sizes: Sequence[int]) -> torch.Tensor:
    """Return the numbers of codes, in one vector of the steps' type.

    Parameters
    ----------
    codes, steps : Tensor
        As `quantize` returned them.
    sizes : sequence of int
        How many numbers each of the tensors has.

    Raises
    ------
    ValueError
        If they do not fit.
    """
    if codes.dtype != torch.int8 or codes.shape != (sum(sizes),) or steps.shape != (len(sizes),):
        raise ValueError(
            f"expected {sum(sizes)} int8 codes with {len(sizes)} steps, got {codes.dtype} of shape "
            f"{tuple(codes.shape)} with steps of shape {tuple(steps.shape)}"
        )
    return codes * steps.repeat_interleave(torch.tensor(sizes))
