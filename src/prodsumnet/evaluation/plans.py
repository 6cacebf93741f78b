"""Plans that are kept between calls."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

import torch

from prodsumnet.numerics import checks
from prodsumnet.operators import LinearOperator

_MAX_PLANS = 16

_NONE = torch.empty(0)
"""Stands for the numbers of an operator that has none."""

Plan = TypeVar("Plan")


def circumstances(x: torch.Tensor) -> Hashable:
    """Return what the plan of an operator for an input depends on, beside the operator."""
    # Asked at every call of a layer, and so without looking further for the usual device.
    if x.is_cpu:
        return x.shape, x.dtype, torch.is_grad_enabled(), torch.is_autocast_enabled("cpu")
    casting = checks.autocasting(x.device)
    return x.shape, x.dtype, torch.is_grad_enabled(), casting, x.device


class Plans(Generic[Plan]):
    """The last few plans of one operator: a cache, never state.

    Plans refer to the numbers of their operator, so they stay right when these change. They are
    forgotten when the operator is replaced by another or converted to another type, and copies
    start without any.
    """

    def __init__(self) -> None:
        self._operator: object = None
        self._numbers, self._dtype = _NONE, _NONE.dtype
        self._plans: dict[Hashable, Plan] = {}

    def find(self, operator: object, key: Hashable) -> Plan | None:
        """Return the plan of an operator for a key, or None if there is none.

        Parameters
        ----------
        operator : LinearOperator
            What is planned.
        key : hashable
            What the plan depends on beside the operator and the type of its numbers.
        """
        if operator is self._operator and self._numbers.dtype is self._dtype:
            return self._plans.get(key)
        return None

    def get(self, operator: LinearOperator, key: Hashable, make: Callable[[], Plan]) -> Plan:
        """Return the plan of an operator for a key, made anew if it is not there.

        Parameters
        ----------
        operator, key
            As for `find`.
        make : callable
            Makes the plan.
        """
        found = self.find(operator, key)
        if found is None:
            numbers = next(operator.parameters(), _NONE)
            known = operator is self._operator and numbers.dtype is self._dtype
            if not known or len(self._plans) >= _MAX_PLANS:
                self._plans = {}
            self._operator, self._numbers, self._dtype = operator, numbers, numbers.dtype
            found = self._plans[key] = make()
        return found

    def __reduce__(self) -> tuple[type["Plans[Plan]"], tuple[()]]:
        return type(self), ()
