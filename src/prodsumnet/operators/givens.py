"""Rotations in disjoint planes."""

import math

import torch
from torch import nn

from prodsumnet.numerics import checks, streams
from prodsumnet.operators.base import LinearOperator
from prodsumnet.operators.cost import Cost


class Givens(LinearOperator, kind="givens"):
    r"""One stage of rotations in the planes of disjoint pairs of features, by trainable angles.

    A pair ``(i, j)`` with angle ``a`` becomes :math:`(x_i \cos a - x_j \sin a,\;
    x_i \sin a + x_j \cos a)`; other features stay as they are.

    Parameters
    ----------
    size : int
        Number of features on both sides, at least two.
    stride : int, optional
        Pair ``i`` with ``i + stride`` wherever ``i // stride`` is even, as in the stages of a fast
        Fourier transform; features whose partner lies beyond the end stay alone. Strides
        1, 2, 4, ... together connect all features if their number is a power of two. By default
        pairs are random: consecutive features of a permutation.
    seed : int, optional
        Which random pairs.
    num_pairs : int, optional
        Rotate only the first so many pairs; all by default.
    device, dtype
        As for torch's layers. ``angles`` has one number for each pair.

    Raises
    ------
    ValueError
        If ``stride`` leaves no pair, or there are fewer than ``num_pairs`` pairs.

    Notes
    -----
    A stage is the exponential of the skew-Hermitian matrix with entries :math:`-a` at ``(i, j)``
    and :math:`\bar a` at ``(j, i)``. So a complex ``dtype`` gives unitary rotations,
    :math:`\cos |a|` and :math:`\sin |a|` with the phase of ``a`` (Givens 1958; Jing et al. 2017).
    """

    angles: nn.Parameter
    partners: torch.Tensor
    slots: torch.Tensor

    def __init__(
        self,
        size: int,
        stride: int | None = None,
        seed: int = 0,
        num_pairs: int | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        size = checks.bounded_int("size", size, 2, checks.MAX_FEATURES)
        super().__init__(size, size)
        self.size, self.seed = self.out_features, checks.seed_int(seed)
        self.stride = None if stride is None else checks.positive_int("stride", stride, size - 1)
        most = self._most_pairs()
        self.num_pairs = (
            None if num_pairs is None else checks.positive_int("num_pairs", num_pairs, most)
        )
        count = most if self.num_pairs is None else self.num_pairs

        def partners() -> torch.Tensor:
            first, second = self._pairs(count, device)
            alone = torch.arange(self.size, device=device)
            return alone.index_copy(0, first, second).index_copy(0, second, first)

        def slots() -> torch.Tensor:
            first, second = self._pairs(count, device)
            pairs = torch.arange(count, device=device)
            alone = torch.full((self.size,), 2 * count, device=device)
            return alone.index_copy(0, first, pairs).index_copy(0, second, count + pairs)

        self._hold("partners", partners, (self.size,), torch.int64, device)
        self._hold("slots", slots, (self.size,), torch.int64, device)
        numbers = torch.empty(count, device=device, dtype=checks.numeric_dtype(dtype))
        self.angles = nn.Parameter(numbers)
        if not numbers.is_meta:
            self.reset_parameters()

    def _most_pairs(self) -> int:
        if self.stride is None:
            return self.size // 2
        blocks, rest = divmod(self.size, 2 * self.stride)
        return blocks * self.stride + max(0, rest - self.stride)

    def _pairs(
        self, count: int, device: torch.device | str | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if self.stride is None:
            order = streams.permutation(self.seed, self.size, device)
            return order[0 : 2 * count : 2], order[1 : 2 * count : 2]
        pair = torch.arange(count, device=device)
        first = pair + pair // self.stride * self.stride
        return first, first + self.stride

    def _rotations(self, angles: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return for each feature the factors of itself and of its partner."""
        if angles.is_complex():
            modulus = angles.abs()
            cosines, sines = modulus.cos(), angles * torch.sinc(modulus / math.pi)
        else:
            cosines, sines = angles.cos(), angles.sin()
        kept = torch.cat((cosines, cosines, cosines.new_ones(1)))[self.slots]
        mixed = torch.cat((-sines, sines.conj(), sines.new_zeros(1)))[self.slots]
        return kept, mixed

    def planes(self) -> torch.Tensor:
        """Return the rotations as matrices, ``(blocks, stride, 2, 2)``, if all have a partner."""
        kept, mixed = (v.view(-1, 2, self.stride or 1) for v in self._rotations(self.angles))
        (a, d), (b, c) = (v.unbind(1) for v in (kept, mixed))
        return torch.stack((a, b, c, d), dim=-1).unflatten(-1, (2, 2))

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        kept, mixed = self._rotations(self.angles)
        return x * kept + x.index_select(-1, self.partners) * mixed

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        kept, mixed = self._rotations(-self.angles)
        return y * kept + y.index_select(-1, self.partners) * mixed

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        kept, mixed = self._rotations(self.angles)
        return x * kept[:, None] + x.index_select(0, self.partners) * mixed[:, None]

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        kept, mixed = self._rotations(-self.angles)
        return y * kept[:, None] + y.index_select(0, self.partners) * mixed[:, None]

    def _reset(self, gain: float) -> None:
        # Within the range that `_project` gives, for complex numbers too.
        if self.angles.is_complex():
            torch.view_as_real(self.angles).uniform_(-math.pi / 2, math.pi / 2)
        else:
            self.angles.uniform_(-math.pi, math.pi)

    @torch.no_grad()
    def _project(self, target: torch.Tensor) -> None:
        """Set the angles to the least-squares fit of a dense ``(out, in)`` target.

        For a pair it maximises ``cos|a| (t_ii + t_jj) + Re(s (t_ji - conj(t_ij)))`` where ``s`` is
        ``sin|a|`` with the phase of ``a``.
        """
        first, second = self._pairs(len(self.angles), self.slots.device)
        straight = (target[first, first] + target[second, second]).real
        crossed = target[second, first] - target[first, second].conj()
        if self.angles.is_complex():
            length = torch.atan2(crossed.abs(), straight)
            self.angles.copy_(torch.polar(length, -crossed.angle()))
        else:
            self.angles.copy_(torch.atan2(crossed.real, straight))

    def _cost(self, batch: int) -> Cost:
        numbers = batch * self.size
        return Cost.elementwise(2 * numbers + 2 * self.size, numbers, 3 * numbers)

    def second_moment(self) -> float:
        """Exactly 1: rotations keep lengths."""
        return 1.0

    def _symbol(self) -> str:
        stage = "" if self.stride is None else f", stride {self.stride}"
        return f"Givens({self.size}{stage}, {len(self.angles)})"
