"""Sums of Kronecker products, written so that they take two matrix products."""

from collections.abc import Sequence

from prodsumnet.operators.algebra import Product
from prodsumnet.operators.axis_permutation import AxisPermutation
from prodsumnet.operators.base import LinearOperator
from prodsumnet.operators.blocks import HStack, VStack
from prodsumnet.operators.identity import Identity
from prodsumnet.operators.khatri_rao import KhatriRao
from prodsumnet.operators.kronecker import Kronecker
from prodsumnet.operators.ones import Ones


def kronecker_sum(pairs: Sequence[tuple[LinearOperator, LinearOperator]]) -> LinearOperator:
    r"""Return :math:`\sum_r A_r \otimes B_r` (Van Loan & Pitsianis 1993).

    Parameters
    ----------
    pairs : sequence of (LinearOperator, LinearOperator)
        The terms ``(A_r, B_r)``; all ``A_r`` have one shape, and all ``B_r``.

    Raises
    ------
    ValueError
        If there is no term, or shapes differ.
    """
    if not pairs:
        raise ValueError("a sum of Kronecker products needs at least one term, got none")
    for a, b in pairs:
        if a.shape != pairs[0][0].shape or b.shape != pairs[0][1].shape:
            raise ValueError(
                "terms of a sum of Kronecker products need equal shapes: "
                f"{pairs[0][0].shape} and {pairs[0][1].shape} differ from {a.shape} and {b.shape}"
            )
    left, right = HStack(*(a for a, _ in pairs)), VStack(*(b for _, b in pairs))
    return stacked_kronecker_sum(left, right, len(pairs))


def stacked_kronecker_sum(
    left: LinearOperator, right: LinearOperator, terms: int
) -> LinearOperator:
    r"""Return :math:`\sum_r A_r \otimes B_r` from the ``A_r`` side by side and the ``B_r`` stacked.

    Since :math:`A_r \otimes B_r = (A_r \otimes I)(I \otimes B_r)`, the sum is a product of four:
    every :math:`B_r` at once, a permutation of axes, the sum over r together with every
    :math:`A_r`, and a permutation. The number of terms costs no further factor.

    Parameters
    ----------
    left : LinearOperator
        ``[A_1 A_2 ...]``.
    right : LinearOperator
        ``B_1, B_2, ...`` on top of each other.
    terms : int
        How many there are of each.

    Raises
    ------
    ValueError
        If ``terms`` does not divide the sizes.
    """
    if terms < 1 or left.in_features % terms or right.out_features % terms:
        raise ValueError(
            f"{terms} terms do not divide {left.in_features} columns and {right.out_features} rows"
        )
    out_left, in_left = left.out_features, left.in_features // terms
    out_right = right.out_features // terms
    return Product(
        AxisPermutation((out_right, out_left), (1, 0)),
        Kronecker(Identity(out_right), left),
        AxisPermutation((in_left, terms, out_right), (2, 1, 0)),
        Kronecker(Identity(in_left), right),
    )


def kronecker_stack(left: LinearOperator, right: LinearOperator, terms: int) -> LinearOperator:
    r"""Return the products :math:`A_r \otimes B_r` on top of each other, from stacks of both.

    Row :math:`(r, i, k)` is row :math:`(r, i)` of ``left`` times row :math:`(r, k)` of ``right``: a
    `KhatriRao` product of the stacks with their rows repeated.

    Parameters
    ----------
    left, right : LinearOperator
        ``A_1, A_2, ...`` on top of each other, and ``B_1, B_2, ...``.
    terms : int
        How many there are of each.

    Raises
    ------
    ValueError
        If ``terms`` does not divide the sizes.
    """
    if terms < 1 or left.out_features % terms or right.out_features % terms:
        raise ValueError(
            f"{terms} terms do not divide {left.out_features} and {right.out_features} rows"
        )
    rows, inner = left.out_features // terms, right.out_features // terms
    repeat_left = Kronecker(Identity(left.out_features), Ones(inner, 1))
    repeat_right = Kronecker(Identity(terms), Ones(rows, 1), Identity(inner))
    return KhatriRao(Product.of(repeat_left, left), Product.of(repeat_right, right))
