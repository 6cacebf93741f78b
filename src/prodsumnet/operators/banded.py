"""Banded matrices, of any shape."""

import torch

from prodsumnet.numerics import checks
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.factor import Factor
from prodsumnet.operators.sparse_product import Patterned


class Banded(Patterned, Factor, kind="banded"):
    r"""A matrix with trainable entries in a band around its diagonal.

    Row ``i`` of a rectangular matrix has its diagonal entry in column ``c(i) = i * in // out``, so
    that the diagonal stretches from one corner to the other. The band is
    ``-lower <= j - c(i) <= upper``; what of it lies outside the matrix is no number.

    Parameters
    ----------
    out_features, in_features : int
        Shape.
    lower, upper : int
        How many diagonals there are to the left of the diagonal and to the right, below
        ``in_features``; ``weight`` has the entries in row-major order.
    device, dtype
        As for torch's layers; a complex ``dtype`` gives complex numbers.

    Raises
    ------
    ValueError
        If a bandwidth is out of range.

    Notes
    -----
    :math:`A = \sum_d \mathrm{diag}(w_d) S_d C`: shifts :math:`S_d` after the selection ``C`` of the
    columns ``c(i)`` (Golub & Van Loan 2013, section 1.2).
    """

    def __init__(
        self,
        out_features: int,
        in_features: int,
        lower: int,
        upper: int,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(out_features, in_features)
        self.lower = checks.bounded_int("lower", lower, 0, self.in_features - 1)
        self.upper = checks.bounded_int("upper", upper, 0, self.in_features - 1)
        width = self.lower + self.upper + 1
        checks.number_count("Banded", self.out_features, width)
        count = num_banded(*self.shape, self.lower, self.upper)

        def places() -> tuple[torch.Tensor, torch.Tensor]:
            rows = torch.arange(self.out_features, device=device)[:, None]
            offsets = torch.arange(-self.lower, self.upper + 1, device=device)
            columns = rows * self.in_features // self.out_features + offsets
            inside = (columns >= 0) & (columns < self.in_features)
            return rows.expand_as(columns)[inside], columns[inside]

        self._hold_pattern(places, count, device)
        self._allocate(count, device=device, dtype=dtype)

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
        return f"Banded({self.out_features}×{self.in_features}, {self.lower}, {self.upper})"


def num_banded(out_features: int, in_features: int, lower: int, upper: int) -> int:
    """Return how many entries the band of a `Banded` matrix has, in closed form for each diagonal.

    Parameters
    ----------
    out_features, in_features, lower, upper : int
        As for `Banded`.
    """
    m, n = out_features, in_features
    if lower + upper >= m:
        # Fewer rows than diagonals: by rows, so that no size takes long.
        centres = (i * n // m for i in range(m))
        return sum(min(lower, c) + 1 + min(upper, n - 1 - c) for c in centres)
    # There are ceil(t m / n) rows with c(i) < t. Diagonal d has those with 0 <= c(i) + d < n.
    return sum(
        -(-min(n, n - d) * m // n) + (-max(0, -d) * m // n) for d in range(-lower, upper + 1)
    )
