"""Operators of which every number is one entry of the matrix: where each number stands."""

from dataclasses import dataclass

import torch

from prodsumnet.operators import LinearOperator, Product

_OFFSET = 1 << 20
"""Numbers from here on, whose sums and products with each other lie far beyond them."""


@dataclass(frozen=True)
class Placed:
    """A part of a product whose every number stands in one place.

    Parameters
    ----------
    operator : LinearOperator
        The part: one with numbers, and the fixed ones beside it.
    places : Tensor
        ``(out, in)``, int64: one more than the position of the number that stands there among all
        numbers of the operator, zero where none does.
    """

    operator: LinearOperator
    places: torch.Tensor

    @property
    def support(self) -> torch.Tensor:
        """Where numbers stand, as ones in float32, whose products count paths."""
        return (self.places > 0).float()

    def assign(self, matrix: torch.Tensor) -> None:
        """Set the numbers to the entries of a matrix where they stand."""
        place = self.places.flatten()
        taken = place > 0
        values = matrix.flatten()[taken]
        order = place[taken] - 1
        parameters = list(self.operator.parameters())
        found = values.new_zeros(sum(p.numel() for p in parameters))
        found[order] = values
        sizes = [p.numel() for p in parameters]
        for parameter, part in zip(parameters, found.split(sizes), strict=True):
            parameter.copy_(part.view(parameter.shape))


def placed(operator: LinearOperator) -> Placed | None:
    """Find where the numbers of an operator stand, or None if one is not a single entry itself."""
    parameters = list(operator.parameters())
    if not parameters:
        return None
    kept, first = [p.clone() for p in parameters], _OFFSET + 1
    for parameter in parameters:
        count = torch.arange(first, first + parameter.numel(), device=parameter.device)
        # Conjugated numbers would not do, which an imaginary unit gives away.
        unit = 1j if parameter.is_complex() else 1
        parameter.copy_(count.to(torch.float64).view(parameter.shape) * unit)
        first += parameter.numel()
    # A dense operator's matrix is its parameter itself.
    dense = operator.to_dense().clone()
    for parameter, value in zip(parameters, kept, strict=True):
        parameter.copy_(value)
    if dense.is_complex():
        if not all(p.is_complex() for p in parameters) or dense.real.any():
            return None
        dense = dense.imag
    taken = dense != 0
    places = torch.where(taken, dense - _OFFSET, 0).round().long()
    each = places[taken]
    if (places + _OFFSET != dense)[taken].any() or len(each) != len(each.unique()):
        return None
    within = (each > 0).all() and (each < first - _OFFSET).all()
    return Placed(operator, places) if within else None


def placed_factors(operator: LinearOperator) -> list[Placed] | None:
    """Divide a product into parts of one operator with numbers each, or None if one is not placed.

    Fixed operators go with the one before them, the first ones with the one behind.
    """
    factors = list(operator) if isinstance(operator, Product) else [operator]
    groups: list[list[LinearOperator]] = []
    for factor in factors:
        trained = any(part.num_trainable for part in groups[-1]) if groups else False
        if not groups or (factor.num_trainable and trained):
            groups.append([])
        groups[-1].append(factor)
    parts = []
    for group in groups:
        part = placed(Product.of(*group))
        if part is None:
            return None
        parts.append(part)
    return parts
