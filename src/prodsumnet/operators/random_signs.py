"""Fixed random matrices of signs."""

import math

import torch

from prodsumnet.numerics import checks, streams
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.materialized import Materialized


class RandomSigns(Materialized, kind="random-signs"):
    r"""A fixed matrix of random signs over :math:`\sqrt{n}` (Achlioptas 2003).

    Parameters
    ----------
    out_features, in_features : int
        Shape; unit-variance input gives unit-variance output.
    seed : int, optional
        Which signs, in row-major order.
    """

    signs: torch.Tensor

    def __init__(
        self,
        out_features: int,
        in_features: int,
        seed: int = 0,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(out_features, in_features)
        self.seed = checks.seed_int(seed)
        entries = checks.number_count("RandomSigns", *self.shape)

        def signs() -> torch.Tensor:
            return streams.signs(self.seed, entries, device)

        self._hold("signs", signs, self.shape, torch.int8, device)

    def _cost(self, batch: int) -> Cost:
        return Cost.matmul(batch, self.out_features, self.in_features)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return self.signs.to(device, dtype) * (1 / math.sqrt(self.in_features))

    def second_moment(self) -> float:
        """Exactly 1."""
        return 1.0

    def _symbol(self) -> str:
        return f"Signs({self.out_features}×{self.in_features})"
