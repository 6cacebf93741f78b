"""Sparse matrices whose support comes from a seed."""

import torch

from prodsumnet.numerics import checks, streams
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.factor import Factor
from prodsumnet.operators.sparse_product import Patterned


class Sparse(Patterned, Factor, kind="sparse"):
    """A matrix with trainable entries on a random support that a seed gives.

    Parameters
    ----------
    out_features, in_features : int
        Shape.
    num_nonzeros : int
        How many entries are trainable, at most ``out_features * in_features``.
    seed : int, optional
        Which support: that many distinct positions, in row-major order.
    device, dtype
        As for torch's layers.

    Raises
    ------
    ValueError
        If ``num_nonzeros`` exceeds the number of entries.
    """

    def __init__(
        self,
        out_features: int,
        in_features: int,
        num_nonzeros: int,
        seed: int = 0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(out_features, in_features)
        entries = self.out_features * self.in_features
        if entries > checks.MAX_NUMBERS:
            raise ValueError(
                f"Sparse would have {entries} entries, at most {checks.MAX_NUMBERS} are allowed"
            )
        self.num_nonzeros = checks.positive_int("num_nonzeros", num_nonzeros, entries)
        self.seed = checks.seed_int(seed)

        def places() -> tuple[torch.Tensor, torch.Tensor]:
            support = streams.subset(self.seed, entries, self.num_nonzeros, device)
            return support // self.in_features, support % self.in_features

        self._hold_pattern(places, self.num_nonzeros, device)
        self._allocate(self.num_nonzeros, device=device, dtype=dtype)

    def _multiplicity(self) -> int:
        return 1

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        return self._multiply(self.weight, x)

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        return self._multiply_adjoint(self.weight, y)

    def _cost(self, batch: int) -> Cost:
        return self._pattern_cost(batch)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return self._scattered(self.weight)

    def _symbol(self) -> str:
        return f"Sparse({self.out_features}×{self.in_features}, {self.num_nonzeros})"
