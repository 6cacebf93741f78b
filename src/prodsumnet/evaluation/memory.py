"""What is computed from an operator's numbers, kept as long as these stay the same."""

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook

from prodsumnet.numerics import checks

Made = TypeVar("Made")

_steps = 0


def _count_step(*_: Any) -> None:
    """Count a step of any optimiser."""
    global _steps
    _steps += 1


register_optimizer_step_post_hook(_count_step)


class Memory(Generic[Made]):
    """What is made of a module's numbers, made once and again when one of them has changed.

    A change is seen by torch's version counters, which in-place operations and loading advance, by
    the steps of all optimisers, of which the fused ones advance no counters, and by the numbers'
    addresses, which replacing and moving them change. What is written in place through
    ``tensor.data`` escapes all three, as it escapes autograd.

    Parameters
    ----------
    module : Module
        Whose parameters and persistent buffers count.
    make : callable
        Makes it for an input ``x``, on whose type and device it may depend, too, and on automatic
        mixed precision; it is called without gradients.
    """

    def __init__(self, module: nn.Module, make: Callable[[torch.Tensor], Made]) -> None:
        self._make = make
        self._places = list(_places(module))
        self._state: list[tuple[dict[str, Any], str, int, int]] = []
        self._steps = 0
        self._input: tuple[Any, ...] = ()
        self._kept: Made | None = None
        self._held: list[torch.Tensor] = []

    def usable(self) -> bool:
        """Whether no gradient of the numbers is wanted, and nothing traces the computation."""
        if torch.compiler.is_compiling():
            return False
        if not torch.is_grad_enabled():
            return True
        return not any(place[name].requires_grad for place, name in self._places)

    def get(self, x: torch.Tensor) -> Made:
        """Return what is kept for an input, made without a graph."""
        given = x.dtype, x.device, checks.autocasting(x.device)
        kept = self.fresh()
        if kept is None or given != self._input:
            with torch.inference_mode(False), torch.no_grad():
                kept = self._make(x)
            self._input = given
            self._keep(kept)
        return kept

    def fresh(self) -> Made | None:
        """Return what was kept last, for whatever input, or None if a number has changed since."""
        # A plain loop, which takes a fraction of the time of anything shorter: it is part of every
        # small product.
        try:
            for place, name, version, address in self._state:
                number = place[name]
                if number._version != version or number.data_ptr() != address:
                    return None
        except RuntimeError:
            # Tensors of inference mode have no versions, those of functorch no addresses.
            return None
        return self._kept if self._steps == _steps else None

    def _keep(self, kept: Made) -> None:
        numbers = [place[name] for place, name in self._places]
        # What is held is not freed, so no other numbers can come to its addresses.
        self._held = [number.detach() for number in numbers]
        self._steps, self._kept = _steps, kept
        try:
            self._state = [
                (place, name, number._version, number.data_ptr())
                for (place, name), number in zip(self._places, numbers, strict=True)
            ]
        except RuntimeError:
            self._kept = None


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
