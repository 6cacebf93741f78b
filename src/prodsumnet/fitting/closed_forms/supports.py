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
        ``(2, count)``, int64: the rows and columns where numbers stand, in row-major order.
    order : Tensor
        ``(count,)``, int64: the positions of these numbers among all of the operator.
    """

    operator: LinearOperator
    places: torch.Tensor
    order: torch.Tensor

    @property
    def support(self) -> torch.Tensor:
        """Where numbers stand, as ones in a sparse float32 matrix, whose products count paths."""
        ones = torch.ones(self.places.shape[1], device=self.places.device)
        return torch.sparse_coo_tensor(
            self.places, ones, self.operator.shape, check_invariants=False, is_coalesced=True
        )

    def assign(self, matrix: torch.Tensor) -> None:
        """Set the numbers to the entries of a matrix where they stand."""
        values = matrix[self.places[0], self.places[1]]
        parameters = list(self.operator.parameters())
        found = values.new_zeros(sum(p.numel() for p in parameters))
        found[self.order] = values
        sizes = [p.numel() for p in parameters]
        for parameter, part in zip(parameters, found.split(sizes), strict=True):
            parameter.copy_(part.view(parameter.shape))


def placed(operator: LinearOperator) -> Placed | None:
    """Find where the numbers of an operator stand, or None if one is not a single entry itself."""
    parameters = list(operator.parameters())
    if not parameters:
        return None
    kept, first, count = [p.clone() for p in parameters], _OFFSET + 1, 0
    for parameter in parameters:
        numbers = first + count + torch.arange(parameter.numel(), device=parameter.device)
        # Conjugated numbers would not do, which an imaginary unit gives away.
        unit = 1j if parameter.is_complex() else 1
        parameter.copy_(numbers.to(torch.float64).view(parameter.shape) * unit)
        count += parameter.numel()
    dense = operator.to_dense()
    places = dense.nonzero().mT
    each = dense[places[0], places[1]]
    for parameter, value in zip(parameters, kept, strict=True):
        parameter.copy_(value)
    if each.is_complex():
        if not all(p.is_complex() for p in parameters) or each.real.any():
            return None
        each = each.imag
    order = (each - first).round().long()
    if (order + first != each).any() or len(order) != len(order.unique()):
        return None
    within = (order >= 0).all() and (order < count).all()
    return Placed(operator, places, order) if within else None


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
