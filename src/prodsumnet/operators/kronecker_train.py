r"""Trains of stages :math:`I \otimes G \otimes I` (Oseledets 2011), and their dense matrix."""

from collections.abc import Sequence

import torch

from prodsumnet.numerics import checks
from prodsumnet.operators.base import LinearOperator
from prodsumnet.operators.kronecker import Kronecker
from prodsumnet.operators.materialized import Materialized


def stage(operator: LinearOperator) -> tuple[int, LinearOperator, int] | None:
    """Return the stage that an operator is, see `Kronecker.stage`; others are ones of their own."""
    return operator.stage() if isinstance(operator, Kronecker) else (1, operator, 1)


def train_matrix(
    factors: Sequence[LinearOperator], dtype: torch.dtype, device: torch.device
) -> torch.Tensor | None:
    r"""Return the matrix of a product of stages, without multiplying by their identities.

    From the left on, the product so far is :math:`I \otimes D`. The next stage contracts inputs of
    ``D`` with a part of its outputs; the others come to those of ``D``.

    Returns
    -------
    Tensor or None
        None unless all are stages of dense matrices, that fit together in this way.
    """
    first = stage(factors[0]) if isinstance(factors[0], Kronecker) else None
    if first is None or first[2] > 1 or not isinstance(first[1], Materialized):
        return None
    aside, dense = first[0], first[1]._to_dense(dtype, device)
    for factor in factors[1:]:
        found = stage(factor)
        if found is None or not isinstance(found[1], Materialized):
            return None
        before, core, behind = found
        new, rest = divmod(aside, before)
        if rest or core.out_features % new:
            return None
        dense, matrix = checks.unify(dense, core._to_dense(dtype, device))
        matrix = matrix.reshape(new, core.out_features // new, -1)
        tensor = dense.reshape(len(dense), -1, behind)
        image = torch.tensordot(matrix, tensor, dims=([1], [1]))  # pyright: ignore
        dense, aside = image.transpose(1, 2).reshape(new * len(dense), -1), before
    return dense if aside == 1 else None
