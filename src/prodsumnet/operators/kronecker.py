"""Kronecker products, and their row-wise cousin."""

import math
from collections.abc import Iterator
from typing import cast

import torch
from torch import nn
from torch.nn import functional

from prodsumnet.numerics import checks
from prodsumnet.operators import notation
from prodsumnet.operators.base import LinearOperator, check_operator
from prodsumnet.operators.cost import Cost


class Kronecker(LinearOperator, kind="kronecker"):
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

    def __init__(self, *factors: LinearOperator) -> None:
        flat: list[LinearOperator] = []
        for factor in factors:
            flat.extend(factor if type(factor) is Kronecker else [check_operator(factor)])
        if not flat:
            raise ValueError("kron needs at least one operator, got none")
        super().__init__(
            math.prod(factor.out_features for factor in flat),
            math.prod(factor.in_features for factor in flat),
        )
        self.factors = nn.ModuleList(flat)

    def __iter__(self) -> Iterator[LinearOperator]:
        return iter(cast(list[LinearOperator], list(self.factors)))

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
        factors, sizes = list(self), [0] * len(self.factors)
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
            first = torch.kron(first.contiguous(), other.contiguous())
        return first

    def second_moment(self) -> float:
        """Mean output variance for white unit-variance input: the product over the factors."""
        return math.prod(factor.second_moment() for factor in self)

    def _reset(self, gain: float) -> None:
        for factor in self:
            factor.reset_parameters()

    def _rescale(self, factor: float) -> bool:
        return any(child._rescale(factor) for child in self)

    def _symbol(self) -> str:
        return notation.joined(list(self), "⊗", notation.KRONECKER, "⊗")


class KhatriRao(LinearOperator, kind="khatri-rao"):
    r"""The row-wise Kronecker product: row ``r`` is :math:`a_r \otimes b_r \otimes \dots`.

    Also called face-splitting product (Slyusar 1999), the transpose of the column-wise product of
    Khatri & Rao (1968). ``Dense(m, r) @ KhatriRao(Dense(r, p), Dense(r, q))`` is the CP form of
    rank ``r`` of an ``(m, p, q)`` tensor (Kolda & Bader 2009).

    Parameters
    ----------
    *factors : LinearOperator
        One or more operators with equal ``out_features``.

    Raises
    ------
    ValueError
        If they differ in ``out_features``.
    """

    precedence = notation.KRONECKER

    def __init__(self, *factors: LinearOperator) -> None:
        if not factors:
            raise ValueError("KhatriRao needs at least one operator, got none")
        rows = check_operator(factors[0]).out_features
        for factor in factors[1:]:
            if check_operator(factor).out_features != rows:
                raise ValueError(
                    f"KhatriRao needs equal out_features: {notation.formula(factors[0])} has "
                    f"{rows}, {notation.formula(factor)} has {factor.out_features}"
                )
        super().__init__(rows, math.prod(factor.in_features for factor in factors))
        checks.number_count("KhatriRao", *self.shape)
        self.factors = nn.ModuleList(factors)

    def __iter__(self) -> Iterator[LinearOperator]:
        return iter(cast(list[LinearOperator], list(self.factors)))

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        x, dense = checks.unify(x, self._dense_like(x))
        return functional.linear(x, dense)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        y, dense = checks.unify(y, self._dense_like(y))
        return y @ dense.conj()

    def _dense_like(self, x: torch.Tensor) -> torch.Tensor:
        return self._to_dense(self.dtype or x.dtype, x.device)

    def _cost(self, batch: int) -> Cost:
        entries = self.out_features * self.in_features
        rows = sum((f._cost(f.in_features) for f in self), Cost())
        return rows + Cost.elementwise(entries, entries, entries) + Cost.matmul(batch, *self.shape)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        first, *others = [factor._to_dense(dtype, device) for factor in self]
        for other in others:
            first = (first[:, :, None] * other[:, None, :]).flatten(1)
        return first

    def _reset(self, gain: float) -> None:
        for factor in self:
            factor.reset_parameters(
                math.sqrt(1 / factor.in_features) if factor.num_trainable else 1
            )

    def _rescale(self, factor: float) -> bool:
        return any(child._rescale(factor) for child in self)

    def _symbol(self) -> str:
        return notation.joined(list(self), "•", notation.KRONECKER, "•")


def kron(*factors: LinearOperator) -> Kronecker:
    """Return the Kronecker product of operators."""
    return Kronecker(*factors)
