"""Tridiagonal matrices, cyclic ones included: the learned operators of displacement structure."""

import math

import torch
from torch.nn import functional

from prodsumnet.numerics import checks
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.factor import Factor

_SPREAD = 0.5


class Tridiagonal(Factor, kind="tridiagonal"):
    r"""A matrix with trainable entries next to the diagonal, on it and in two corners.

    Parameters
    ----------
    size : int
        Number of features ``n`` on both sides.
    corners : bool, optional
        Whether the diagonals close cyclically, with entries ``(0, n - 1)`` and ``(n - 1, 0)``.
    subdiagonal_only : bool, optional
        Only the entries ``(i, i - 1)``, and of the corners ``(0, n - 1)``.
    near_shift : {0, 1, -1}, optional
        By default numbers are drawn independently. With 1 or -1 they are drawn near the cyclic
        shift with that number in the corner ``(0, n - 1)``, with standard deviation
        :math:`1 / 2 \sqrt n`: powers up to n then neither explode nor vanish.
    device, dtype
        As for torch's layers. ``weight`` is the subdiagonal, the diagonal and the superdiagonal,
        each by rows; a corner stands where its row comes.

    Raises
    ------
    TypeError
        If a switch is not a bool.
    ValueError
        If ``near_shift`` is none of 0, 1, -1, or there is no entry: one feature has no subdiagonal,
        and only a corner.

    Notes
    -----
    The operators of LDR-TD and LDR-SD (Thomas et al. 2018). Every entry has one number: two
    features have no corners apart from the diagonals, and one has nothing but its diagonal.
    """

    def __init__(
        self,
        size: int,
        corners: bool = True,
        subdiagonal_only: bool = False,
        near_shift: int = 0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(size, size)
        self.size = self.out_features
        for name, value in (("corners", corners), ("subdiagonal_only", subdiagonal_only)):
            if not isinstance(value, bool):
                raise TypeError(f"{name} must be true or false, got {checks.show(value)}")
        self.corners, self.subdiagonal_only = corners, subdiagonal_only
        self.near_shift = checks.bounded_int("near_shift", near_shift, -1, 1)
        self._wraps = corners and (subdiagonal_only or self.size > 2)
        beside = self.size - (not self._wraps)
        self._lengths = (beside,) if subdiagonal_only else (beside, self.size, beside)
        if sum(self._lengths) == 0:
            raise ValueError("a subdiagonal without its corner needs at least two features, got 1")
        self._allocate(sum(self._lengths), device=device, dtype=dtype)

    def _multiplicity(self) -> int:
        return 1

    def diagonals(self) -> torch.Tensor:
        """Entries ``(i, i - 1)``, ``(i, i)`` and ``(i, i + 1)``, cyclically, as ``(n, 3)``.

        Zero where there is no entry; ``(n, 1)`` for a subdiagonal alone.
        """
        parts = list(self.weight.split(self._lengths))
        if not self._wraps:
            parts[0] = functional.pad(parts[0], (1, 0))
            parts[2:] = [functional.pad(part, (0, 1)) for part in parts[2:]]
        return torch.stack(parts, -1)

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        below, *others = self.diagonals().unbind(-1)
        y = torch.roll(x, 1, -1) * below
        if others:
            y = y + x * others[0] + torch.roll(x, -1, -1) * others[1]
        return y

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        below, *others = self.diagonals().conj().unbind(-1)
        x = torch.roll(y * below, -1, -1)
        if others:
            x = x + y * others[0] + torch.roll(y * others[1], 1, -1)
        return x

    def _reset(self, gain: float) -> None:
        if self.near_shift:
            self.weight.normal_(std=_SPREAD / math.sqrt(self.size))
            self.weight[: self._lengths[0]] += 1
            if self._wraps:
                self.weight[0] += self.near_shift - 1
            elif self.corners:
                # Of up to two features the corner is an entry of the last diagonal there is.
                self.weight[-1] += self.near_shift
            self.weight.mul_(gain / math.sqrt(self.second_moment()))
        else:
            super()._reset(gain)

    def _cost(self, batch: int) -> Cost:
        terms = batch * self.size * len(self._lengths)
        return Cost.elementwise(terms + len(self.weight), batch * self.size, 2 * terms)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        diagonals = self.diagonals()
        i = torch.arange(self.size, device=self.weight.device)[:, None]
        j = (i + torch.arange(-1, diagonals.shape[1] - 1, device=i.device)) % self.size
        zeros = diagonals.new_zeros(self.shape)
        return zeros.index_put((i, j), diagonals, accumulate=True)

    def _symbol(self) -> str:
        name = "Subdiagonal" if self.subdiagonal_only else "Tridiagonal"
        return f"{name}({self.size})"
