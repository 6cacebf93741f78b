r"""Trains of stages :math:`I \otimes G \otimes I` (Oseledets 2011), and their dense matrix."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from prodsumnet.numerics import checks
from prodsumnet.operators.base import LinearOperator
from prodsumnet.operators.kronecker import Kronecker
from prodsumnet.operators.materialized import Materialized


def stage(operator: LinearOperator) -> tuple[int, LinearOperator, int] | None:
    """Return the stage that an operator is, see `Kronecker.stage`; others are ones of their own."""
    return operator.stage() if isinstance(operator, Kronecker) else (1, operator, 1)


@dataclass(frozen=True)
class Contraction:
    """A stage that is multiplied by a product of others to its left.

    Parameters
    ----------
    core : LinearOperator
        Its matrix: ``new`` times ``shared`` outputs.
    new : int
        Outputs that come to those of the product so far.
    shared : int
        Outputs that are summed over with inputs of that product.
    behind : int
        Inputs of that product that stay.
    """

    core: LinearOperator
    new: int
    shared: int
    behind: int


def contractions(factors: Sequence[LinearOperator]) -> list[Contraction] | None:
    r"""Return how a product of stages is multiplied without their identities.

    From the left on, the product so far is :math:`I \otimes D`. The next stage contracts inputs of
    ``D`` with a part of its outputs; the others come to those of ``D``. The first one contracts
    nothing.

    Returns
    -------
    list of Contraction or None
        None unless all are stages of dense matrices, that fit together in this way.
    """
    if not isinstance(factors[0], Kronecker):
        return None
    aside, found = 0, []
    for factor in factors:
        before, core, behind = stage(factor) or (1, factor, 0)
        new, rest = divmod(aside, before) if found else (1, behind - 1)
        if rest or core.out_features % new or not behind or not isinstance(core, Materialized):
            return None
        found.append(Contraction(core, new, core.out_features // new, behind))
        aside = before
    return found if aside == 1 else None


def train_matrix(
    factors: Sequence[LinearOperator], dtype: torch.dtype, device: torch.device
) -> torch.Tensor | None:
    """Return the matrix of a product of stages by `contractions`, None if there are none."""
    steps = contractions(factors)
    if steps is None:
        return None
    dense = steps[0].core._to_dense(dtype, device)
    for step in steps[1:]:
        dense, matrix = checks.unify(dense, step.core._to_dense(dtype, device))
        matrix = matrix.reshape(step.new, step.shared, -1)
        tensor = dense.reshape(len(dense), -1, step.behind)
        image = torch.tensordot(matrix, tensor, dims=([1], [1]))  # pyright: ignore
        dense = image.transpose(1, 2).reshape(step.new * len(dense), -1)
    return dense
