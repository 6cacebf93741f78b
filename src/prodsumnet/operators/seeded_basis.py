"""Linear combinations of random sign matrices."""

import math

import torch

from prodsumnet.numerics import checks, streams
from prodsumnet.operators.combination import Combination
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.materialized import Materialized


class SeededBasis(Materialized, Combination, kind="seeded-basis"):
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

        def signs() -> torch.Tensor:
            return streams.signs(self.seed, total, device)

        self._hold("signs", signs, (self.num_terms, *self.shape), torch.int8, device)
        self._allocate(self.num_terms, device, dtype)

    def _stack(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return self.signs.to(self.weight.dtype) * (1 / math.sqrt(self.in_features))

    def _cost(self, batch: int) -> Cost:
        entries = self.out_features * self.in_features
        return Cost.matmul(1, entries, self.num_terms) + Cost.matmul(batch, *self.shape)

    def _symbol(self) -> str:
        return f"Basis({self.out_features}×{self.in_features}, {self.num_terms})"
