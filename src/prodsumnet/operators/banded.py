"""Banded matrices, of any shape."""

import torch
from torch.nn import functional

from prodsumnet.numerics import checks
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.factor import Factor


class Banded(Factor, kind="banded"):
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

    starts: torch.Tensor
    slots: torch.Tensor

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
        self._width = self.lower + self.upper + 1
        checks.number_count("Banded", self.out_features, self._width)
        count = num_banded(*self.shape, self.lower, self.upper)

        def slots() -> torch.Tensor:
            offsets = torch.arange(-self.lower, self.upper + 1, device=device)
            columns = (self.starts[:, None] + offsets).view(-1)
            return ((columns >= 0) & (columns < self.in_features)).nonzero()

        def starts() -> torch.Tensor:
            rows = torch.arange(self.out_features, device=device)
            return rows * self.in_features // self.out_features

        self._hold("starts", starts, (self.out_features,), torch.int64, device)
        self._hold("slots", slots, (count,), torch.int64, device)
        self._allocate(count, device=device, dtype=dtype)

    def _multiplicity(self) -> int:
        return 1

    def _band(self) -> torch.Tensor:
        """Return the numbers with zeros outside the matrix, ``(out, lower + 1 + upper)``."""
        zeros = self.weight.new_zeros(self.out_features * self._width)
        return zeros.index_copy(0, self.slots, self.weight).view(self.out_features, self._width)

    def _windows(self) -> torch.Tensor:
        """Return which padded columns the band of each row covers, row after row."""
        offsets = torch.arange(self._width, device=self.starts.device)
        return (self.starts[:, None] + offsets).view(-1)

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        padded = functional.pad(x, (self.lower, self.upper))
        windows = padded.index_select(-1, self._windows())
        return (windows.unflatten(-1, (self.out_features, self._width)) * self._band()).sum(-1)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        products = (y.unsqueeze(-1) * self._band().conj()).flatten(-2)
        padded = products.new_zeros(*y.shape[:-1], self.lower + self.in_features + self.upper)
        padded = padded.index_add(-1, self._windows(), products)
        return padded[..., self.lower : self.lower + self.in_features]

    def _cost(self, batch: int) -> Cost:
        outputs, window = batch * self.out_features, self.out_features * self._width
        return Cost.elementwise(
            batch * (self.in_features + window) + window, outputs, 2 * outputs * self._width
        )

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        rows = self.slots // self._width
        columns = self.starts[rows] + self.slots % self._width - self.lower
        return self.weight.new_zeros(self.shape).index_put((rows, columns), self.weight)

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
