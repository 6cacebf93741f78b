"""Linear combinations of given matrices: Wu's original form of a structured layer."""

import functools

import torch

from prodsumnet.operators import notation
from prodsumnet.operators.base import LinearOperator
from prodsumnet.operators.combination import Combination
from prodsumnet.operators.compound import Compound, at_least_one, check_equal
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.seeded_basis import SeededBasis


class Basis(Combination, Compound, kind="basis"):
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
    members = "operators"

    def __init__(
        self,
        *operators: LinearOperator,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        at_least_one("Basis", operators)
        check_equal("Basis", "out_features", operators)
        check_equal("Basis", "in_features", operators)
        Compound.__init__(self, operators, *operators[0].shape)
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
        matrices = [term._to_dense(dtype, device) for term in self]
        common = functools.reduce(torch.promote_types, (m.dtype for m in matrices))
        return torch.stack([matrix.to(common) for matrix in matrices])

    def _reset(self, gain: float) -> None:
        super()._reset(gain)
        for term in self:
            if term.num_trainable:
                term.reset_parameters()

    def _symbol(self) -> str:
        terms = notation.joined(list(self), " + θ·", notation.PRODUCT, "Σ")
        return terms if terms.startswith("Σ") else f"θ·{terms}"
