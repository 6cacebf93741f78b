"""Selections of features: some rows of the identity."""

from collections.abc import Sequence

import torch

from prodsumnet.numerics import checks
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.orthonormal import OrthonormalRows


class Selection(OrthonormalRows, kind="selection"):
    """Keep some features: ``(S x)_i = x_{indices[i]}``; the adjoint puts zeros in the others.

    Parameters
    ----------
    in_features : int
        Number of features to choose from.
    indices : sequence of int
        Distinct indices below ``in_features``, in the order wanted.
    device : torch.device or str, optional
        Where the index lives.

    Raises
    ------
    TypeError
        If ``indices`` is not a sequence of integers.
    ValueError
        If an index is out of range or occurs twice.
    """

    index: torch.Tensor

    def __init__(
        self,
        in_features: int,
        indices: Sequence[int],
        device: torch.device | str | None = None,
    ) -> None:
        in_features = checks.positive_int("in_features", in_features)
        given = checks.int_sequence("indices", indices, in_features - 1)
        super().__init__(len(given), in_features)
        self.indices = given
        if len(set(self.indices)) != len(self.indices):
            raise ValueError(f"indices must be distinct, got {checks.show(self.indices)}")

        def index() -> torch.Tensor:
            return torch.tensor(self.indices, device=device)

        self._hold("index", index, (self.out_features,), torch.int64, device)

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return x.index_select(-1, self.index)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        zeros = y.new_zeros(*y.shape[:-1], self.in_features)
        return zeros.index_copy(-1, self.index, y)

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        return x.index_select(0, self.index)

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        return y.new_zeros(self.in_features, y.shape[1]).index_copy(0, self.index, y)

    def _cost(self, batch: int) -> Cost:
        return Cost.elementwise(batch * self.out_features, batch * self.out_features)

    def _symbol(self) -> str:
        return f"Select({self.out_features}×{self.in_features})"
