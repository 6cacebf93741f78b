"""Kronecker products."""

import math

import torch

from prodsumnet.operators import notation
from prodsumnet.operators.base import LinearOperator
from prodsumnet.operators.compound import Compound, flatten
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.materialized import Materialized
from prodsumnet.operators.shared_product import shared_product

_MANY_COLUMNS = 16
"""From so many numbers behind an axis on, it is multiplied where it is rather than moved."""


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
        sizes = [factor.in_features for factor in flat]
        places = [k for k, factor in enumerate(flat) if not factor.is_identity]
        self._stage = None
        if len(places) == 1:
            (place,) = places
            self._stage = math.prod(sizes[:place]), place, math.prod(sizes[place + 1 :])

    def stage(self) -> tuple[int, LinearOperator, int] | None:
        r"""Return :math:`A` of :math:`I \otimes A \otimes I`, between the sizes of the identities.

        None if several factors are not the identity, or none is.
        """
        if self._stage is None:
            return None
        before, place, behind = self._stage
        return before, list(self)[place], behind

    def _order(self, adjoint: bool) -> list[int]:
        """Axes by growth, the most shrinking one first."""
        growth = [f.in_features / f.out_features for f in self]
        return sorted(range(len(growth)), key=lambda a: -growth[a] if not adjoint else growth[a])

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return self._rowwise(x, adjoint=False)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return self._rowwise(y, adjoint=True)

    def _rowwise(self, x: torch.Tensor, adjoint: bool) -> torch.Tensor:
        lead = x.shape[:-1]
        images = self._axiswise(x.reshape(math.prod(lead), x.shape[-1], 1), adjoint)
        return images.reshape(*lead, self.in_features if adjoint else self.out_features)

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        return self._axiswise(x.unsqueeze(0), adjoint=False)[0]

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        return self._axiswise(y.unsqueeze(0), adjoint=True)[0]

    def _axiswise(self, x: torch.Tensor, adjoint: bool) -> torch.Tensor:
        """Apply the factors to the middle axis of ``(before, features, behind)``."""
        factors, (before, _, behind) = list(self), x.shape
        sizes = [f.out_features if adjoint else f.in_features for f in factors]
        for axis in self._order(adjoint):
            factor = factors[axis]
            if not factor.is_identity:
                left, right = math.prod(sizes[:axis]), math.prod(sizes[axis + 1 :])
                image = _along(
                    factor, x.reshape(before * left, sizes[axis], right * behind), adjoint
                )
                sizes[axis] = image.shape[1]
                x = image.reshape(before, math.prod(sizes), behind)
        return x

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


def _along(factor: LinearOperator, x: torch.Tensor, adjoint: bool) -> torch.Tensor:
    """Apply a factor to the middle axis, without moving it where there is a way."""
    if x.shape[2] == 1:
        rows = x.squeeze(2)
        return (factor._rmatvec(rows) if adjoint else factor._matvec(rows)).unsqueeze(2)
    if x.shape[0] == 1:
        return (factor._rmatmat(x[0]) if adjoint else factor._matmat(x[0])).unsqueeze(0)
    if isinstance(factor, Materialized) and x.shape[2] >= _MANY_COLUMNS:
        dense = factor._to_dense(x.dtype, x.device)
        return shared_product(dense.mH if adjoint else dense, x)
    moved = x.transpose(1, 2)
    return (factor._rmatvec(moved) if adjoint else factor._matvec(moved)).transpose(1, 2)


def kron(*factors: LinearOperator) -> Kronecker:
    """Return the Kronecker product of operators."""
    return Kronecker(*factors)
