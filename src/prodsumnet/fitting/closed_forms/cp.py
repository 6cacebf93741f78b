r"""Canonical polyadic decompositions :math:`(A_1 \bullet A_2)^T (B_1 \bullet B_2)`.

The inner index runs over outer products of a row of each factor, so that the matrix seen as a
tensor, with one axis for each factor, has a canonical decomposition (Kolda & Bader 2009).
"""

from prodsumnet.fitting.closed_forms.task import Task
from prodsumnet.fitting.closed_forms.tensors import canonical
from prodsumnet.operators import Dense, KhatriRao, LinearOperator, Product, Transpose


def fit(task: Task) -> bool | None:
    """Set the factors of a decomposition by alternating least squares."""
    factors = list(task.operator) if isinstance(task.operator, Product) else []
    if len(factors) != 2:
        return None
    inner = factors[0].operator if isinstance(factors[0], Transpose) else None
    rows = [] if inner is None else _vectors(inner)
    # A single matrix on the left may also be written as itself.
    if isinstance(factors[0], Dense):
        rows = [factors[0]]
    columns = _vectors(factors[1])
    leaves = [*rows, *columns]
    target = task.goal_of(leaf.weight for leaf in leaves)
    if not rows or not columns or target is None:
        return None
    as_rows = [leaf is not factors[0] for leaf in leaves]
    sizes = [
        leaf.in_features if row else leaf.out_features
        for leaf, row in zip(leaves, as_rows, strict=True)
    ]
    values = canonical(target.reshape(sizes), factors[1].out_features, task.generator)
    for leaf, row, value in zip(leaves, as_rows, values, strict=True):
        leaf.weight.copy_(value.mT if row else value)
    return False


def _vectors(operator: LinearOperator) -> list[Dense]:
    """Return the factors of a Khatri-Rao product, a single one as it is; none if not all dense."""
    members = list(operator) if isinstance(operator, KhatriRao) else [operator]
    dense = [member for member in members if isinstance(member, Dense)]
    return dense if len(dense) == len(members) else []
