"""The unstructured matrix, the leaf out of which most structures are composed."""

import torch

from prodsumnet.operators.cost import Cost
from prodsumnet.operators.factor import Factor
from prodsumnet.operators.materialized import Materialized


class Dense(Materialized, Factor, kind="dense"):
    """A full matrix, every entry a trainable number.

    Parameters
    ----------
    out_features, in_features : int
        Shape.
    device, dtype
        As for torch's layers; a complex ``dtype`` gives a complex matrix.
    """

    def __init__(
        self,
        out_features: int,
        in_features: int,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(out_features, in_features)
        self._allocate(self.out_features, self.in_features, device=device, dtype=dtype)

    def _multiplicity(self) -> int:
        return 1

    def _cost(self, batch: int) -> Cost:
        return Cost.matmul(batch, self.out_features, self.in_features)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return self.weight
