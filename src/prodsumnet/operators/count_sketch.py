"""The count sketch: every output is one input, or its negative, by hashing."""

import torch

from prodsumnet.numerics import checks, streams
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.sparse_product import Patterned


class CountSketch(Patterned, kind="count-sketch"):
    r"""A fixed matrix with one random sign in every row, :math:`y_i = s_i\, x_{h(i)}`.

    The transpose of the sketch of Charikar, Chen & Farach-Colton (2002). Applied to few numbers it
    gives many; its columns are orthogonal.

    Parameters
    ----------
    out_features, in_features : int
        Shape; ``in_features`` is at most ``out_features``.
    seed : int, optional
        Gives the buckets ``h`` and the signs ``s``. Buckets are balanced: their sizes differ by at
        most one, so that every input reaches an output.

    Raises
    ------
    ValueError
        If there are more inputs than outputs.
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
        checks.positive_int("in_features", in_features, self.out_features)
        self.seed = checks.seed_int(seed)

        def places() -> tuple[torch.Tensor, torch.Tensor]:
            order = streams.permutation(self.seed, self.out_features, device)
            return torch.arange(self.out_features, device=device), order % self.in_features

        def signs() -> torch.Tensor:
            return streams.signs(self.seed, self.out_features, device)

        self._hold_pattern(places, self.out_features, device)
        self._hold("signs", signs, (self.out_features,), torch.int8, device)

    @property
    def buckets(self) -> torch.Tensor:
        """Which input every output is, but for its sign."""
        return self.columns

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return x.index_select(-1, self.columns) * self.signs

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        return x.index_select(0, self.columns) * self.signs.unsqueeze(1)

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        return self._multiply_adjoint(self.signs.to(y.real.dtype), y)

    def _cost(self, batch: int) -> Cost:
        outputs = batch * self.out_features
        return Cost.elementwise(2 * outputs, outputs, outputs)

    def second_moment(self) -> float:
        """Exactly 1: every output is one input."""
        return 1.0

    def _symbol(self) -> str:
        return f"Sketch({self.out_features}×{self.in_features})"
