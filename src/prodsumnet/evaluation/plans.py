"""Plans that are kept between calls."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from prodsumnet.operators import LinearOperator

_MAX_PLANS = 8

Plan = TypeVar("Plan")


class Plans(Generic[Plan]):
    """The last few plans of one operator: a cache, never state.

    Plans refer to the numbers of their operator, so they stay right when these change. They are
    forgotten when the operator is replaced by another, and copies start without any.
    """

    def __init__(self) -> None:
        self._operator: LinearOperator | None = None
        self._plans: dict[Hashable, Plan] = {}

    def get(self, operator: LinearOperator, key: Hashable, make: Callable[[], Plan]) -> Plan:
        """Return the plan of an operator for a key, made anew if it is not there.

        Parameters
        ----------
        operator : LinearOperator
            What is planned.
        key : hashable
            What the plan depends on beside the operator and the type of its numbers.
        make : callable
            Makes the plan.
        """
        if operator is not self._operator or len(self._plans) > _MAX_PLANS:
            self._operator, self._plans = operator, {}
        numbers = next(operator.parameters(), None)
        key = key, None if numbers is None else numbers.dtype
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = make()
        return plan

    def __reduce__(self) -> tuple[type["Plans[Plan]"], tuple[()]]:
        return type(self), ()
