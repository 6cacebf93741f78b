"""What operators made of other operators have in common."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, cast

from torch import nn

from prodsumnet.operators import notation
from prodsumnet.operators.base import LinearOperator, check_operator


class Compound(LinearOperator):
    """An operator that is a formula over a list of others, over which it iterates.

    A subclass sets ``members`` to the name of its variadic keyword, and so of the attribute that
    holds the list; what else it needs is its formula.
    """

    members: ClassVar[str]

    def __init__(
        self, operators: Sequence[LinearOperator], out_features: int, in_features: int
    ) -> None:
        super().__init__(out_features, in_features)
        setattr(self, self.members, nn.ModuleList(operators))

    def __iter__(self) -> Iterator[LinearOperator]:
        return iter(cast(list[LinearOperator], getattr(self, self.members)))

    def _rescalable(self) -> bool:
        return any(member._rescalable() for member in self)

    def _rescale_each(self, factor: float) -> None:
        """Rescale every member, for formulas that are linear in their members together."""
        for member in self:
            member._rescale(factor)

    def _rescale_jointly(self, factor: float) -> None:
        """Share a factor out among the members, for formulas linear in each member by itself.

        All members that can be rescaled take part, so that no path through any of their numbers
        stays as it was, and none grows at the expense of the others.
        """
        scalable = [member for member in self if member._rescalable()]
        for member in scalable:
            member._rescale(factor ** (1 / len(scalable)))


def at_least_one(name: str, operators: Sequence[LinearOperator]) -> None:
    """Check the operands of a formula.

    Raises
    ------
    TypeError
        If one is not an operator.
    ValueError
        If there is none.
    """
    if not operators:
        raise ValueError(f"{name} needs at least one operator, got none")
    for operator in operators:
        check_operator(operator)


def flatten(operators: Sequence[LinearOperator], kind: type[Compound]) -> list[LinearOperator]:
    """Replace every operand that is itself of an associative kind by its own operands."""
    at_least_one(kind.__name__, operators)
    flat: list[LinearOperator] = []
    for operator in operators:
        flat.extend(operator if isinstance(operator, kind) else [operator])
    return flat


def check_equal(name: str, side: str, operators: Sequence[LinearOperator]) -> None:
    """Check that operators agree in ``out_features`` or ``in_features``.

    Raises
    ------
    ValueError
        If two differ; the message shows both expressions.
    """
    first, expected = operators[0], getattr(operators[0], side)
    for operator in operators[1:]:
        if getattr(operator, side) != expected:
            raise ValueError(
                f"{name} needs equal {side}: {notation.formula(first)} has {expected}, "
                f"{notation.formula(operator)} has {getattr(operator, side)}"
            )
