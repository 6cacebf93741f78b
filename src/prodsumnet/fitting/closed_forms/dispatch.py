"""Which closed form an expression has.

A structure is looked for as it is, and then behind what surrounds it: adjoints, multiples, fixed
unitary factors, fixed terms, blocks that share nothing, paddings.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from prodsumnet.fitting.closed_forms import (
    cp,
    fixed_supports,
    kronecker,
    low_rank,
    projection,
    tensor_train,
    tucker,
)
from prodsumnet.fitting.closed_forms.task import Task
from prodsumnet.fitting.metric import Metric
from prodsumnet.operators import (
    Adjoint,
    AxisPermutation,
    BlockDiagonal,
    HStack,
    Kronecker,
    LinearOperator,
    Permutation,
    Product,
    Scaled,
    Slice,
    Sum,
    Transpose,
    VStack,
)
from prodsumnet.operators.orthonormal import OrthonormalRows

ClosedForm = Callable[[Task], bool | None]

FORMS: dict[str, ClosedForm] = {
    "projection": projection.fit,
    "low-rank": low_rank.fit,
    "kronecker": kronecker.fit,
    "cp": cp.fit,
    "tensor-train": tensor_train.fit,
    "tucker": tucker.fit,
    "fixed-supports": fixed_supports.fit,
}
"""Each sets the numbers of a task's operator and says whether they are the nearest there are, or
returns None if it does not know the structure. The first one that does is taken."""

_ROUNDS = 20
_ENOUGH = 1e-3
"""How often unknown entries are filled in, and the change of the error that ends it."""


@dataclass(frozen=True)
class Solution:
    """What a closed form has found: its name, and whether nothing is nearer."""

    name: str
    nearest: bool


def solve(
    operator: LinearOperator,
    target: torch.Tensor,
    metric: Metric,
    generator: torch.Generator,
    sweeps: int,
) -> Solution | None:
    """Set the numbers of an operator by the closed form of its structure.

    Parameters
    ----------
    operator : LinearOperator
        In 64-bit arithmetic. Left in any state if there is none.
    target : Tensor
        The dense matrix, likewise.
    metric : Metric
        Closed forms that cannot use it give a start.
    generator : torch.Generator
        Of random numbers that a form may need.
    sweeps : int
        Most sweeps that improve what is near the best already.

    Returns
    -------
    Solution or None
        None if no form fits, or numbers are shared or fixed.
    """
    numbers = [p for _, p in operator.named_parameters(remove_duplicate=False)]
    shared = len({id(p) for p in numbers}) < len(numbers)
    if shared or not all(p.requires_grad for p in numbers):
        return None
    plain = metric.left is None and metric.right is None
    with torch.no_grad():
        return _solve(Task(operator, target, None if plain else metric, generator, sweeps))


def _solve(task: Task) -> Solution | None:
    for name, form in FORMS.items():
        nearest = form(task)
        if nearest:
            return Solution(name, True)
        if nearest is not None:
            # What is behind unitary factors may be known in a metric too.
            if task.metric is not None:
                inner = _behind(task)
                if inner is not None and inner.nearest:
                    return inner
                form(task)
            return Solution(name, False)
    return _behind(task)


def _behind(task: Task) -> Solution | None:
    operator = task.operator
    if isinstance(operator, Adjoint):
        return _solve(task.adjoint(operator.operator))
    if isinstance(operator, Transpose):
        return _solve(task.transpose(operator.operator))
    if isinstance(operator, Scaled):
        return _solve(task.of(operator.operator, task.target / operator.scalar))
    if isinstance(operator, Sum):
        return _without_fixed_terms(task, list(operator))
    if isinstance(operator, BlockDiagonal | HStack | VStack):
        return _blockwise(task, operator)
    if isinstance(operator, Kronecker):
        return _averaged(task, list(operator))
    if isinstance(operator, Product):
        return _inside(task, list(operator))
    return None


def _without_fixed_terms(task: Task, terms: list[LinearOperator]) -> Solution | None:
    trained = [term for term in terms if term.num_trainable]
    if len(trained) != 1 or len(terms) == 1:
        return None
    rest = sum((t.to_dense(torch.float64) for t in terms if not t.num_trainable), start=0.0)
    return _solve(task.of(trained[0], task.target - rest))


def _blockwise(task: Task, operator: BlockDiagonal | HStack | VStack) -> Solution | None:
    """Fit blocks that have no entry in common, each to its own part of the target."""
    found, row, column = [], 0, 0
    for block in operator:
        rows, columns = block.shape
        part = task.target[row : row + rows, column : column + columns]
        if block.num_trainable:
            found.append(_solve(replace(task.of(block, part), metric=None)))
        row += 0 if isinstance(operator, HStack) else rows
        column += 0 if isinstance(operator, VStack) else columns
    solved = [one for one in found if one is not None]
    if len(solved) < len(found):
        return None
    names = " and ".join(sorted({one.name for one in solved}))
    return Solution(names, task.metric is None and all(one.nearest for one in solved))


def _averaged(task: Task, factors: list[LinearOperator]) -> Solution | None:
    r"""Fit :math:`I \otimes A \otimes I`, whose blocks are all the same, to their average."""
    trained = [k for k, factor in enumerate(factors) if not factor.is_identity]
    if len(trained) != 1 or task.metric is not None:
        return None
    k = trained[0]
    sizes = [factor.in_features for factor in factors]
    before, after = 1, 1
    for size in sizes[:k]:
        before *= size
    for size in sizes[k + 1 :]:
        after *= size
    rows, columns = factors[k].shape
    blocks = task.target.reshape(before, rows, after, before, columns, after)
    average = torch.einsum("iajibj->ab", blocks) / (before * after)
    return _solve(task.of(factors[k], average))


def _inside(task: Task, factors: list[LinearOperator]) -> Solution | None:
    """Take what surrounds a product off: paddings, or a fixed unitary factor at either end."""
    first, last = factors[0], factors[-1]
    if len(factors) == 1:
        return _solve(task.of(first, task.target))
    rows = columns = slice(None)
    inner = factors
    if isinstance(first, Slice):
        rows, inner = slice(first.start, first.stop), inner[1:]
    if isinstance(last, Adjoint) and isinstance(last.operator, Slice):
        columns, inner = slice(last.operator.start, last.operator.stop), inner[:-1]
    if inner and len(inner) < len(factors):
        return _padded(task, Product.of(*inner), (rows, columns))
    if _is_unitary(first):
        return _solve(task.behind_left(Product.of(*factors[1:]), first))
    if _is_unitary(last):
        return _solve(task.behind_right(Product.of(*factors[:-1]), last))
    return None


def _is_unitary(operator: LinearOperator) -> bool:
    inner = operator.operator if isinstance(operator, Adjoint | Transpose) else operator
    square = inner.out_features == inner.in_features
    return square and isinstance(inner, OrthonormalRows | AxisPermutation | Permutation)


def _padded(task: Task, core: LinearOperator, place: tuple[slice, slice]) -> Solution | None:
    """Fit an operator of which only a part is wanted.

    What is unknown is filled in with what the last fit makes of it, from zeros on; no round is
    worse than the one before where the closed form gives the nearest (a majorisation, Kiers 1997).
    """
    if task.metric is not None:
        return None
    goal = task.target.new_zeros(core.shape)
    goal[place] = task.target
    found, error = None, float("inf")
    for _ in range(_ROUNDS):
        found = _solve(task.of(core, goal))
        if found is None:
            return None
        goal = core.to_dense().to(goal.dtype) if core.dtype != goal.dtype else core.to_dense()
        last, error = error, (goal[place] - task.target).norm().item()
        if last - error <= _ENOUGH * error:
            break
        goal = goal.clone()
        goal[place] = task.target
    return None if found is None else Solution(found.name, False)
