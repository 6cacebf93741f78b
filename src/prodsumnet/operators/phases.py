"""Phase masks: what a thin layer of a diffractive network does to a field of light."""

import math

import torch
from torch import nn

from prodsumnet.numerics import checks
from prodsumnet.operators.base import LinearOperator
from prodsumnet.operators.cost import Cost


class Phases(LinearOperator, kind="phases"):
    r"""A diagonal matrix :math:`\mathrm{diag}(e^{i \varphi})` of trainable phases, in radians.

    Its results are complex, for real input too.

    Parameters
    ----------
    size : int
        Number of features on both sides.
    num_phases : int, optional
        Number of different phases, one for each feature by default. Fewer are shared by runs of
        consecutive features whose lengths differ by at most one.
    device, dtype
        As for torch's layers. ``phases`` is :math:`\varphi`. A complex ``dtype`` gives it an
        imaginary part, by which the mask also absorbs or amplifies.

    Raises
    ------
    ValueError
        If there are more phases than features.

    Notes
    -----
    The layers of Lin et al. (2018). `reset_parameters` draws phases from a tenth of the circle, so
    that masks start almost transparent; networks train as well from the whole of it.
    """

    phases: nn.Parameter

    def __init__(
        self,
        size: int,
        num_phases: int | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(size, size)
        self.size = self.out_features
        checks.number_count("Phases", self.size)
        self.num_phases = num_phases
        count = self.size
        if num_phases is not None:
            count = self.num_phases = checks.positive_int("num_phases", num_phases, self.size)
        numbers = torch.empty(count, device=device, dtype=checks.numeric_dtype(dtype))
        self.phases = nn.Parameter(numbers)
        if not numbers.is_meta:
            self.reset_parameters()

    def _run(self) -> torch.Tensor:
        features = torch.arange(self.size, device=self.phases.device)
        return features * len(self.phases) // self.size

    def _mask(self) -> torch.Tensor:
        mask = torch.exp(1j * self.phases)
        return mask if len(mask) == self.size else mask[self._run()]

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return x * self._mask()

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return y * self._mask().conj()

    def _cost(self, batch: int) -> Cost:
        # A complex number is two.
        numbers = 2 * batch * self.size
        return Cost.elementwise(numbers + 2 * self.size, numbers, 3 * numbers)

    def _reset(self, gain: float) -> None:
        real = torch.view_as_real(self.phases) if self.phases.is_complex() else self.phases
        real.uniform_(-math.pi / 10, math.pi / 10)

    def _rescalable(self) -> bool:
        return self.phases.is_complex()

    def _rescale(self, factor: float) -> None:
        if self.phases.is_complex():
            self.phases.sub_(1j * math.log(factor))

    @torch.no_grad()
    def _project(self, target: torch.Tensor) -> None:
        """Set the phases to the least-squares fit of a dense ``(out, in)`` target."""
        wanted = target.diagonal()
        dtype = torch.promote_types(wanted.dtype, torch.complex64)
        sums = wanted.new_zeros(len(self.phases), dtype=dtype)
        sums.index_add_(0, self._run(), wanted.to(dtype))
        if self.phases.is_complex():
            runs = self._run().bincount(minlength=len(self.phases))
            self.phases.copy_(-1j * torch.log(sums / runs))
        else:
            self.phases.copy_(sums.angle())

    def _symbol(self) -> str:
        return f"Phases({self.size})"
