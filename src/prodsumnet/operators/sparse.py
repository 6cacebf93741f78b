"""Sparse matrices whose support comes from a seed."""

import torch

from prodsumnet.numerics import checks, streams
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.factor import Factor


class Sparse(Factor, kind="sparse"):
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

    rows: torch.Tensor
    columns: torch.Tensor

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

        def support() -> torch.Tensor:
            return streams.subset(self.seed, entries, self.num_nonzeros, device)

        shape = (self.num_nonzeros,)
        self._hold("rows", lambda: support() // self.in_features, shape, torch.int64, device)
        self._hold("columns", lambda: support() % self.in_features, shape, torch.int64, device)
        self._allocate(self.num_nonzeros, device=device, dtype=dtype)

    def _multiplicity(self) -> int:
        return 1

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return self._scatter(x, self.weight, self.columns, self.rows, self.out_features)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return self._scatter(y, self.weight.conj(), self.rows, self.columns, self.in_features)

    @staticmethod
    def _scatter(
        x: torch.Tensor,
        weight: torch.Tensor,
        source: torch.Tensor,
        target: torch.Tensor,
        features: int,
    ) -> torch.Tensor:
        products = x.index_select(-1, source) * weight
        return products.new_zeros(*x.shape[:-1], features).index_add(-1, target, products)

    def _cost(self, batch: int) -> Cost:
        numbers = batch * self.num_nonzeros
        return Cost.elementwise(2 * numbers + self.num_nonzeros, 2 * numbers, 2 * numbers)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        zeros = self.weight.new_zeros(self.shape)
        return zeros.index_put((self.rows, self.columns), self.weight)

    def _symbol(self) -> str:
        return f"Sparse({self.out_features}×{self.in_features}, {self.num_nonzeros})"
