"""What is computed from an operator's numbers, kept as long as these stay the same."""

import operator as std
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from prodsumnet.numerics import checks

_version = std.attrgetter("_version")


class Memory:
    """A tensor that depends on a module's numbers, made once and again when one has changed.

    A change is seen by torch's version counters, which in-place operations, optimisers and loading
    advance, and by the tensors' identities and addresses, which replacing and moving them change.
    What is written in place through ``tensor.data`` escapes them, as it escapes autograd.

    Parameters
    ----------
    module : Module
        Whose parameters and persistent buffers count.
    make : callable
        Gives the tensor for an input ``x``, on whose type and device it may depend, too, and on
        automatic mixed precision; it is called without gradients.
    """

    def __init__(self, module: nn.Module, make: Callable[[torch.Tensor], torch.Tensor]) -> None:
        self._make = make
        self._places = list(_places(module))
        self._state: tuple[Any, ...] | None = None
        self._kept = torch.empty(0)

    def usable(self) -> bool:
        """Whether no gradient of the numbers is wanted, and nothing traces the computation."""
        if torch.compiler.is_compiling():
            return False
        return not torch.is_grad_enabled() or not any(
            place[name].requires_grad for place, name in self._places
        )

    def get(self, x: torch.Tensor) -> torch.Tensor:
        """Return the tensor for an input, without a graph."""
        tensors = [place[name] for place, name in self._places]
        try:
            state = (
                x.dtype,
                x.device,
                checks.autocasting(x.device),
                *map(id, tensors),
                *map(_version, tensors),
                *map(torch.Tensor.data_ptr, tensors),
            )
        except RuntimeError:
            # Tensors of inference mode have no versions, those of functorch no addresses.
            state = None
        if state is None or state != self._state:
            with torch.inference_mode(False), torch.no_grad():
                self._kept, self._state = self._make(x), state
        return self._kept


def _places(module: nn.Module) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield where every distinct tensor is kept that training or loading may change."""
    seen: set[int] = set()
    for part in module.modules():
        passing = part._non_persistent_buffers_set
        for place in (part._parameters, part._buffers):
            for name, tensor in place.items():
                if tensor is not None and name not in passing and id(tensor) not in seen:
                    seen.add(id(tensor))
                    yield place, name
