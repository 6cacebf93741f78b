"""Linear combinations of fixed matrices: Wu's original form of a structured layer."""

import math
from collections.abc import Iterator
from typing import cast

import torch
from torch import nn
from torch.nn import functional

from prodsumnet.numerics import checks, streams
from prodsumnet.operators import notation
from prodsumnet.operators.algebra import Sum
from prodsumnet.operators.base import LinearOperator
from prodsumnet.operators.cost import Cost


class _Combination(LinearOperator):
    r"""What both kinds of basis share: the numbers :math:`\theta_k` of a linear combination."""

    weight: nn.Parameter

    def _allocate(
        self, count: int, device: torch.device | str | None, dtype: torch.dtype | None
    ) -> None:
        numbers = torch.empty(count, device=device, dtype=checks.numeric_dtype(dtype))
        self.weight = nn.Parameter(numbers)
        if not numbers.is_meta:
            self.reset_parameters()

    def _stack(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        """Return the fixed matrices, ``(terms, out, in)``."""
        raise NotImplementedError

    def _reset(self, gain: float) -> None:
        self.weight.normal_(std=gain / math.sqrt(len(self.weight)))

    def _rescale(self, factor: float) -> bool:
        self.weight.mul_(factor)
        return True

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        weight, stack = checks.unify(self.weight, self._stack(dtype, device))
        return torch.tensordot(weight, stack, dims=1)

    def _project(self, target: torch.Tensor) -> None:
        """Set the numbers to the least-squares fit of a dense ``(out, in)`` target."""
        with torch.no_grad():
            stack = self._stack(self.weight.dtype, self.weight.device).flatten(1)
            stack, goal = checks.unify(stack, target.to(self.weight.dtype).reshape(-1, 1))
            self.weight.copy_(torch.linalg.lstsq(stack.mT, goal).solution[:, 0])


class Basis(_Combination, kind="basis"):
    r"""A linear combination :math:`\sum_k \theta_k A_k` of given operators (Wu 2018).

    Parameters
    ----------
    *operators : LinearOperator
        Operators of one shape, usually fixed ones; numbers of their own are trained too.
    device, dtype
        Of the coefficients.

    Raises
    ------
    ValueError
        If there is no operator, or two shapes differ.
    """

    precedence = notation.SUM

    def __init__(
        self,
        *operators: LinearOperator,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        shape = Sum(*operators).shape
        super().__init__(*shape)
        self.operators = nn.ModuleList(operators)
        self._allocate(len(operators), device, dtype)

    @staticmethod
    def seeded(
        out_features: int,
        in_features: int,
        num_terms: int,
        seed: int = 0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> "SeededBasis":
        """Return a combination of random sign matrices, see `SeededBasis`."""
        return SeededBasis(out_features, in_features, num_terms, seed, device, dtype)

    def __iter__(self) -> Iterator[LinearOperator]:
        return iter(cast(list[LinearOperator], list(self.operators)))

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return sum(
            (theta * term._matvec(x) for theta, term in zip(self.weight, self, strict=True)),
            start=x.new_zeros(()),
        )

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        conjugate = self.weight.conj()
        return sum(
            (theta * term._rmatvec(y) for theta, term in zip(conjugate, self, strict=True)),
            start=y.new_zeros(()),
        )

    def _cost(self, batch: int) -> Cost:
        outputs = batch * self.out_features
        combine = Cost.elementwise(2 * outputs, outputs, 2 * outputs)
        return sum((term._cost(batch) + combine for term in self), Cost())

    def _stack(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return torch.stack([term.to_dense(dtype, device) for term in self])

    def _reset(self, gain: float) -> None:
        super()._reset(gain)
        for term in self:
            if term.num_trainable:
                term.reset_parameters()

    def _symbol(self) -> str:
        terms = notation.joined(list(self), " + θ·", notation.PRODUCT, "Σ")
        return terms if terms.startswith("Σ") else f"θ·{terms}"


class SeededBasis(_Combination, kind="seeded-basis"):
    r"""A combination :math:`\sum_k \theta_k S_k / \sqrt n` of random sign matrices (Wu 2018).

    Parameters
    ----------
    out_features, in_features : int
        Shape.
    num_terms : int
        Number of trainable coefficients, at most ``out_features * in_features``.
    seed : int, optional
        Which signs; matrix ``k`` takes them from ``k * out_features * in_features`` on, row-major.
    device, dtype
        As for torch's layers.

    Raises
    ------
    ValueError
        If there are more terms than entries.
    """

    signs: torch.Tensor

    def __init__(
        self,
        out_features: int,
        in_features: int,
        num_terms: int,
        seed: int = 0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(out_features, in_features)
        self.seed = checks.seed_int(seed)
        entries = checks.number_count("SeededBasis", *self.shape)
        self.num_terms = checks.positive_int("num_terms", num_terms, entries)
        total = checks.number_count("SeededBasis", self.num_terms, entries)
        signs = streams.signs(self.seed, total, device).to(torch.int8)
        self.register_buffer("signs", signs.view(self.num_terms, *self.shape), persistent=False)
        self._allocate(self.num_terms, device, dtype)

    def _stack(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return self.signs.to(self.weight.dtype) * (1 / math.sqrt(self.in_features))

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        x, dense = checks.unify(x, self._to_dense(self.weight.dtype, self.weight.device))
        return functional.linear(x, dense)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        y, dense = checks.unify(y, self._to_dense(self.weight.dtype, self.weight.device))
        return y @ dense.conj()

    def _cost(self, batch: int) -> Cost:
        entries = self.out_features * self.in_features
        return Cost.matmul(1, entries, self.num_terms) + Cost.matmul(batch, *self.shape)

    def _symbol(self) -> str:
        return f"Basis({self.out_features}×{self.in_features}, {self.num_terms})"
