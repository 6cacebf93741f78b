"""Matrices whose entries share few numbers by hashing."""

import torch

from prodsumnet.numerics import checks, streams
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.factor import Factor
from prodsumnet.operators.materialized import Materialized


class Hashed(Materialized, Factor, kind="hashed"):
    r"""A matrix of shared numbers, :math:`A_{ij} = s_{ij}\, \theta_{h(i, j)}` (Chen et al. 2015).

    Parameters
    ----------
    out_features, in_features : int
        Shape.
    num_weights : int
        Number of buckets, at most ``out_features * in_features``.
    seed : int, optional
        Gives the buckets ``h`` and the signs ``s``. Buckets are balanced: their sizes differ by at
        most one, so that no number is without an entry.
    device, dtype
        As for torch's layers.

    Raises
    ------
    ValueError
        If ``num_weights`` exceeds the number of entries.
    """

    places: torch.Tensor

    def __init__(
        self,
        out_features: int,
        in_features: int,
        num_weights: int,
        seed: int = 0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(out_features, in_features)
        entries = self.out_features * self.in_features
        # Drawing a bucket and a sign for each entry takes more memory than holding them together.
        checks.number_count("Hashed", 2, entries)
        self.num_weights = checks.positive_int("num_weights", num_weights, entries)
        self.seed = checks.seed_int(seed)

        def places() -> torch.Tensor:
            """Return for each entry its bucket, counted on for a negative sign."""
            buckets = streams.permutation(self.seed, entries, device) % self.num_weights
            negative = streams.signs(self.seed, entries, device) < 0
            return buckets + negative * self.num_weights

        self._hold("places", places, (entries,), torch.int32, device)
        self._allocate(self.num_weights, device=device, dtype=dtype)

    def _multiplicity(self) -> torch.Tensor:
        return (self.places % self.num_weights).bincount(minlength=self.num_weights)

    def _cost(self, batch: int) -> Cost:
        entries = self.out_features * self.in_features
        gather = Cost.elementwise(entries + self.num_weights, entries, entries)
        return gather + Cost.matmul(batch, self.out_features, self.in_features)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        signed = torch.cat((self.weight, -self.weight))
        return signed.index_select(0, self.places).view(self.shape)

    def _symbol(self) -> str:
        return f"Hashed({self.out_features}×{self.in_features}, {self.num_weights})"
