"""Kronecker products."""

import math

import torch

from prodsumnet.operators import notation
from prodsumnet.operators.base import LinearOperator
from prodsumnet.operators.compound import Compound, flatten
from prodsumnet.operators.cost import Cost


class Kronecker(Compound, kind="kronecker"):
    r"""The Kronecker product :math:`A_1 \otimes A_2 \otimes \dots` of operators (Van Loan 2000).

    Parameters
    ----------
    *factors : LinearOperator
        One or more operators of any shapes; Kronecker products among them are flattened.

    Raises
    ------
    ValueError
        If there is no factor, or the product would be too large.

    Notes
    -----
    Seen as a tensor with one axis per factor, the input is multiplied along each axis by its
    factor: :math:`A \otimes B = (A \otimes I)(I \otimes B)`. Axes are taken in the order in which
    the tensor shrinks most.
    """

    precedence = notation.KRONECKER
    members = "factors"

    def __init__(self, *factors: LinearOperator) -> None:
        flat = flatten(factors, Kronecker)
        super().__init__(
            flat,
            math.prod(factor.out_features for factor in flat),
            math.prod(factor.in_features for factor in flat),
        )

    def _order(self, adjoint: bool) -> list[int]:
        """Axes by growth, the most shrinking one first."""
        growth = [f.in_features / f.out_features for f in self]
        return sorted(range(len(growth)), key=lambda a: -growth[a] if not adjoint else growth[a])

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return self._axiswise(x, adjoint=False)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return self._axiswise(y, adjoint=True)

    def _axiswise(self, x: torch.Tensor, adjoint: bool) -> torch.Tensor:
        factors, lead = list(self), x.shape[:-1]
        tensor = x.reshape(*lead, *(f.out_features if adjoint else f.in_features for f in factors))
        for axis in self._order(adjoint):
            factor = factors[axis]
            if not factor.is_identity:
                moved = tensor.movedim(len(lead) + axis, -1)
                image = factor._rmatvec(moved) if adjoint else factor._matvec(moved)
                tensor = image.movedim(-1, len(lead) + axis)
        return tensor.reshape(*lead, self.in_features if adjoint else self.out_features)

    def axis_batches(self, batch: int) -> list[int]:
        """How many vectors each factor is applied to when the product is applied to ``batch``."""
        factors, sizes = list(self), [0] * len(list(self))
        numbers = batch * self.in_features
        for axis in self._order(adjoint=False):
            sizes[axis] = numbers // factors[axis].in_features
            numbers = sizes[axis] * factors[axis].out_features
        return sizes

    def _cost(self, batch: int) -> Cost:
        sizes = self.axis_batches(batch)
        return sum((f._cost(size) for f, size in zip(self, sizes, strict=True)), Cost())

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        first, *others = [factor._to_dense(dtype, device) for factor in self]
        for other in others:
            first = (first[:, None, :, None] * other[None, :, None, :]).flatten(2).flatten(0, 1)
        return first

    def second_moment(self) -> float:
        """Mean output variance for white unit-variance input: the product over the factors."""
        return math.prod(factor.second_moment() for factor in self)

    def _reset(self, gain: float) -> None:
        for factor in self:
            factor.reset_parameters()

    def _rescale(self, factor: float) -> None:
        self._rescale_jointly(factor)

    def _symbol(self) -> str:
        return notation.joined(list(self), "⊗", notation.KRONECKER, "⊗")


def kron(*factors: LinearOperator) -> Kronecker:
    """Return the Kronecker product of operators."""
    return Kronecker(*factors)
