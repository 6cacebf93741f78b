"""When a kernel may see the numbers, and how it keeps them in the cache."""

from collections.abc import Callable
from typing import Any

import torch

_PLAIN = (torch.Tensor, torch.nn.Parameter)
# Parsed once: looking it up by name would take longer than all the rest.
_BATCHED: Any = torch._C._parse_dispatch_key("VmapMode")
_CHUNK = 1 << 18
"""Numbers in a chunk of rows: a megabyte, against which the calls of a step weigh little."""


def eager(*tensors: torch.Tensor) -> bool:
    """Whether tensors hold numbers here and now: nobody traces, transforms or replaces them.

    Where it is false a kernel takes its plain path, out of differentiable torch functions.
    """
    return not (
        torch.compiler.is_compiling()
        or torch._C._is_tracing()
        or transformed()
        or torch._C._len_torch_dispatch_stack() > 0
    ) and all(type(tensor) in _PLAIN and not tensor.is_meta for tensor in tensors)


def transformed() -> bool:
    """Whether derivatives are taken by function transforms, in batches or forwards.

    Then not every function of torch has its derivatives, `embedding_bag` for example. False while
    a graph is compiled.
    """
    return not torch.compiler.is_compiling() and (
        torch._C._are_functorch_transforms_active()
        # Batches of gradients, as of `torch.autograd.grad(..., is_grads_batched=True)`.
        or torch._C._dispatch_tls_is_dispatch_key_included(_BATCHED)
        or torch.autograd.forward_ad._current_level >= 0
    )


def recorded(*tensors: torch.Tensor) -> bool:
    """Whether a gradient of one of the tensors is wanted, and `eager` holds.

    Where it is false a kernel needs no function of its own to go back by, whose call costs as much
    as a small kernel.
    """
    wanted = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
    return wanted and eager(*tensors)


def chunk_rows(x: torch.Tensor, features: int) -> int:
    """Return how many rows to compute at once, where each takes so many numbers.

    On a CPU so many that the intermediate results stay in the cache. Larger ones would not only
    leave it: fresh memory costs page faults, often more than the arithmetic.
    """
    return max(1, _CHUNK // features) if x.device.type == "cpu" else max(1, len(x))


def in_chunks(
    function: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, features: int, count: int
) -> torch.Tensor:
    """Apply a function of the rows of a matrix, some at a time.

    Parameters
    ----------
    function : callable
        ``(rows, n) -> (rows, count)``, of one type.
    x : Tensor
        ``(batch, n)``.
    features : int
        How many numbers the function makes of a row in between.
    count : int
        How many it returns.
    """
    rows = chunk_rows(x, features)
    if len(x) <= rows:
        return function(x).contiguous()
    y = x.new_empty(len(x), count)
    for start in range(0, len(x), rows):
        y[start : start + rows] = function(x[start : start + rows])
    return y
