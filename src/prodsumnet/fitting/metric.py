"""The metric in which a matrix is approximated."""

from dataclasses import dataclass

import torch

from prodsumnet.numerics import checks

_SLACK = 1e-6
"""Rounding that a positive semidefinite matrix is granted, relative to its largest entry."""


@dataclass(frozen=True)
class Metric:
    r"""A Kronecker-factored quadratic form on matrices.

    The squared error of :math:`W` against :math:`T` is
    :math:`\operatorname{tr}(L (W - T) R (W - T)^H)`. With :math:`R = E[x x^T]` of a layer's inputs
    and :math:`L = E[g g^T]` of its outputs' gradients that is the Kronecker-factored Fisher
    (Martens & Grosse 2015; for convolutions Grosse & Martens 2016, KFC).

    Parameters
    ----------
    left : Tensor or None
        :math:`L`, ``(out, out)``, Hermitian and positive semidefinite; None is the identity.
    right : Tensor or None
        :math:`R`, ``(in, in)``, likewise.

    Raises
    ------
    TypeError
        If one is neither None nor a floating or complex tensor.
    ValueError
        If one is not square, finite and Hermitian up to rounding.
    """

    left: torch.Tensor | None = None
    right: torch.Tensor | None = None

    def __post_init__(self) -> None:
        for side in ("left", "right"):
            matrix = getattr(self, side)
            if matrix is not None:
                _check(side, matrix)


def _check(side: str, matrix: object) -> None:
    if not isinstance(matrix, torch.Tensor) or not (
        matrix.is_floating_point() or matrix.is_complex()
    ):
        given = matrix.dtype if isinstance(matrix, torch.Tensor) else checks.show(matrix)
        raise TypeError(f"{side} of a metric must be a floating or complex tensor, got {given}")
    if matrix.dim() != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(
            f"{side} of a metric must be a square matrix, got shape {tuple(matrix.shape)}"
        )
    if not matrix.isfinite().all():
        raise ValueError(f"{side} of a metric holds numbers that are not finite")
    skew = (matrix - matrix.mH).abs().max()
    if skew > _SLACK * matrix.abs().max():
        raise ValueError(f"{side} of a metric must be Hermitian, it is off by {skew:.2g}")
