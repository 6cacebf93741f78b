r"""Tucker decompositions :math:`(U_1 \otimes U_2) G (V_1 \otimes V_2)^T`.

The matrix seen as a tensor, with one axis for each factor of both Kronecker products, is a core
multiplied by a matrix along each axis (Tucker 1966).
"""

from collections.abc import Sequence

from prodsumnet.fitting.closed_forms.task import Task
from prodsumnet.fitting.closed_forms.tensors import tucker
from prodsumnet.operators import Dense, Kronecker, LinearOperator, Product, Transpose

Side = list[tuple[Dense | None, int, int]]
"""The matrix of each axis, of which some have none, its rank and its size."""


def fit(task: Task) -> bool | None:
    """Set the core and the matrices by higher-order orthogonal iteration."""
    factors = list(task.operator) if isinstance(task.operator, Product) else []
    place = 0 if factors and isinstance(factors[0], Dense) else 1
    core = factors[place] if len(factors) > place else None
    if not isinstance(core, Dense) or not 2 <= len(factors) <= place + 2:
        return None
    rows: Side | None = [(None, core.out_features, core.out_features)]
    columns: Side | None = [(None, core.in_features, core.in_features)]
    first = factors[0]
    if place == 1:
        rows = _side(first.operator) if isinstance(first, Transpose) else None
    if len(factors) > place + 1:
        columns = _side(factors[-1])
    if rows is None or columns is None:
        return None
    axes = [*rows, *columns]
    leaves = [leaf for leaf, _, _ in axes if leaf is not None]
    target = task.goal_of(leaf.weight for leaf in (core, *leaves))
    if target is None:
        return None
    ranks = [rank for _, rank, _ in axes]
    middle, bases = tucker(target.reshape([size for _, _, size in axes]), ranks)
    core.weight.copy_(middle.reshape(core.shape))
    for (leaf, _, _), basis in zip(axes, bases, strict=True):
        if leaf is not None and basis is not None:
            leaf.weight.copy_(basis.mT)
    return False


def _side(operator: LinearOperator) -> Side | None:
    """Return the axes of a Kronecker product of wide dense matrices and identities."""
    members: Sequence[LinearOperator] = (
        list(operator) if isinstance(operator, Kronecker) else [operator]
    )
    side: Side = []
    for member in members:
        rank, size = member.shape
        if member.is_identity:
            side.append((None, size, size))
        elif isinstance(member, Dense) and rank < size:
            side.append((member, rank, size))
        else:
            return None
    return side
