"""Sums of Kronecker products, written so that they take two matrix products."""

from collections.abc import Sequence

from prodsumnet.operators.base import LinearOperator
from prodsumnet.operators.blocks import HStack, VStack
from prodsumnet.operators.identity import Identity
from prodsumnet.operators.kronecker import Kronecker
from prodsumnet.operators.permutation import AxisPermutation
from prodsumnet.operators.algebra import Product


def kronecker_sum(pairs: Sequence[tuple[LinearOperator, LinearOperator]]) -> LinearOperator:
    r"""Return :math:`\sum_r A_r \otimes B_r = \sum_r (A_r \otimes I)(I \otimes B_r)`.

    All :math:`A_r` have one shape, and all :math:`B_r` (Van Loan & Pitsianis 1993). The terms are
    not added one by one: the :math:`B_r` on top of each other are one factor, the :math:`A_r` side
    by side another, with the axes permuted between, whatever the number of terms.

    Parameters
    ----------
    pairs : sequence of (LinearOperator, LinearOperator)
        The terms ``(A_r, B_r)``.

    Raises
    ------
    ValueError
        If there is no term, or shapes differ.
    """
    if not pairs:
        raise ValueError("a sum of Kronecker products needs at least one term, got none")
    left, right = HStack(*(a for a, _ in pairs)), VStack(*(b for _, b in pairs))
    (out_left, in_left), (out_right, _) = pairs[0][0].shape, pairs[0][1].shape
    for a, b in pairs:
        if a.shape != pairs[0][0].shape or b.shape != pairs[0][1].shape:
            raise ValueError(
                f"terms of a sum of Kronecker products need equal shapes: "
                f"{pairs[0][0].shape} and {pairs[0][1].shape} differ from {a.shape} and {b.shape}"
            )
    return Product(
        AxisPermutation((out_right, out_left), (1, 0)),
        Kronecker(Identity(out_right), left),
        AxisPermutation((in_left, len(pairs), out_right), (2, 1, 0)),
        Kronecker(Identity(in_left), right),
    )
