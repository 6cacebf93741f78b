r"""Kronecker products of dense matrices, and sums of them.

The entries of :math:`A \otimes B` rearranged, one axis for each factor, are an outer product. So
the nearest sum of ``R`` products of two is a matrix of rank ``R``, from the singular value
decomposition (Van Loan & Pitsianis 1993); of more factors it is a canonical decomposition.
"""

import torch

from prodsumnet.fitting.closed_forms.task import Task
from prodsumnet.fitting.closed_forms.tensors import canonical
from prodsumnet.fitting.closed_forms.truncation import balanced_factors
from prodsumnet.operators import (
    AxisPermutation,
    Dense,
    HStack,
    Kronecker,
    LinearOperator,
    Product,
    Sum,
    VStack,
)


def fit(task: Task) -> bool | None:
    """Set a Kronecker product, a sum of some of equal shapes, or `stacked_kronecker_sum`."""
    operator = task.operator
    if isinstance(operator, Kronecker):
        return _sum_of_products(task, [operator])
    if isinstance(operator, Sum):
        return _sum_of_products(task, list(operator))
    if isinstance(operator, Product):
        return _stacked(task, list(operator))
    return None


def _sum_of_products(task: Task, terms: list[LinearOperator]) -> bool | None:
    factors: list[list[Dense]] = []
    for term in terms:
        members = list(term) if isinstance(term, Kronecker) else []
        dense = [member for member in members if isinstance(member, Dense)]
        if len(dense) < 2 or len(dense) < len(members):
            return None
        factors.append(dense)
    shapes = [factor.shape for factor in factors[0]]
    if any([factor.shape for factor in dense] != shapes for dense in factors):
        return None
    target = task.goal_of(factor.weight for dense in factors for factor in dense)
    if target is None:
        return None
    tensor = rearranged(target, shapes)
    values = _terms(tensor, len(terms), task.generator)
    for r, dense in enumerate(factors):
        for value, factor in zip(values, dense, strict=True):
            factor.weight.copy_(value[:, r].reshape(factor.shape))
    return task.metric is None and len(shapes) == 2


def _stacked(task: Task, factors: list[LinearOperator]) -> bool | None:
    if len(factors) != 4 or not isinstance(factors[0], AxisPermutation):
        return None
    left, right = _behind_identity(factors[1]), _behind_identity(factors[3])
    shuffle = factors[2]
    if left is None or right is None or not isinstance(shuffle, AxisPermutation):
        return None
    if len(shuffle.sizes) != 3 or shuffle.order != (2, 1, 0):
        return None
    in_left, terms, out_right = shuffle.sizes
    if factors[0].sizes != (out_right, left.out_features) or factors[0].order != (1, 0):
        return None
    if left.in_features != in_left * terms or right.out_features != out_right * terms:
        return None
    a, b = _stack(left, HStack, terms), _stack(right, VStack, terms)
    if a is None or b is None:
        return None
    target = task.goal_of(leaf.weight for leaf in (*a, *b))
    if target is None:
        return None
    shapes = [(left.out_features, in_left), (out_right, right.in_features)]
    tensor = rearranged(target, shapes)
    first, second = _terms(tensor, terms, task.generator)
    blocks = first.reshape(*shapes[0], terms).movedim(-1, 1).flatten(1)
    for leaf, value in zip(a, blocks.chunk(len(a), 1), strict=True):
        leaf.weight.copy_(value)
    blocks = second.reshape(*shapes[1], terms).movedim(-1, 0).flatten(0, 1)
    for leaf, value in zip(b, blocks.chunk(len(b), 0), strict=True):
        leaf.weight.copy_(value)
    return task.metric is None


def _behind_identity(operator: LinearOperator) -> LinearOperator | None:
    r"""Return ``A`` of :math:`I \otimes A`."""
    members = list(operator) if isinstance(operator, Kronecker) else []
    return members[1] if len(members) == 2 and members[0].is_identity else None


def _stack(
    operator: LinearOperator, kind: type[HStack] | type[VStack], terms: int
) -> list[Dense] | None:
    """Return the dense matrices of a stack of one, or of one for each term."""
    parts = list(operator) if isinstance(operator, kind) else [operator]
    dense = [part for part in parts if isinstance(part, Dense)]
    equal = len({part.shape for part in dense}) == 1
    return dense if len(dense) == len(parts) and equal and len(parts) in (1, terms) else None


def rearranged(target: torch.Tensor, shapes: list[tuple[int, int]]) -> torch.Tensor:
    """Return the entries of a matrix as a tensor with one axis for each Kronecker factor."""
    count = len(shapes)
    tensor = target.reshape([m for m, _ in shapes] + [n for _, n in shapes])
    order = [axis for k in range(count) for axis in (k, count + k)]
    return tensor.permute(order).reshape([m * n for m, n in shapes])


def _terms(tensor: torch.Tensor, terms: int, generator: torch.Generator) -> list[torch.Tensor]:
    """Return the vectors of a sum of outer products, as columns for each axis."""
    if tensor.dim() > 2:
        return canonical(tensor, terms, generator)
    left, right = balanced_factors(tensor, terms)
    return [left, right.mT]
