"""Propagation of light through free space."""

import math
import sys
from collections.abc import Sequence

import torch

from prodsumnet.numerics import checks
from prodsumnet.operators.base import LinearOperator
from prodsumnet.operators.cost import Cost

_MAX_RATIO = 2.0**32


class Propagation(LinearOperator, kind="propagation"):
    r"""Propagation of a field sampled on a grid to a parallel plane, by its angular spectrum.

    Every plane wave of the field turns its phase, and evanescent ones decay:
    :math:`F^{-1} H F` with :math:`H = \exp(2 \pi i z \sqrt{1 / \lambda^2 - f_x^2 - f_y^2})`
    and the root in the upper half plane. Results are complex, for real input too. The adjoint
    propagates backwards, but for evanescent waves, which decay either way.

    Parameters
    ----------
    sizes : sequence of int
        Rows and columns of the grid; features are its points row by row.
    wavelength, pitch, distance : float
        Wavelength :math:`\lambda`, distance of neighbouring points and of the planes ``z``, in
        metres.
    padding : int, optional
        By default the grid is periodic, as if the same field stood on all its sides. With a factor
        above one the field stands alone on a grid that many times as long either way, which is cut
        to size afterwards.
    device : torch.device or str, optional
        Where the transfer function is computed.

    Raises
    ------
    TypeError
        If a length is not a number.
    ValueError
        If a length is not positive and finite, or the phases too large to be known.

    Notes
    -----
    The first Rayleigh-Sommerfeld solution, which Lin et al. (2018) sum over points, in the
    frequency domain (Goodman 2005, section 3.10).
    """

    bits: torch.Tensor

    def __init__(
        self,
        sizes: Sequence[int],
        wavelength: float,
        pitch: float,
        distance: float,
        padding: int = 1,
        device: torch.device | str | None = None,
    ) -> None:
        grid = checks.size_tuple("sizes", sizes, 2)
        features = checks.positive_int("the product of sizes", math.prod(grid))
        super().__init__(features, features)
        self.sizes = grid
        self.wavelength = _length("wavelength", wavelength)
        self.pitch = _length("pitch", pitch)
        self.distance = _length("distance", distance)
        self.padding = checks.positive_int("padding", padding)
        for name, ratio in (
            ("distance / wavelength", self.distance / self.wavelength),
            ("wavelength / pitch", self.wavelength / self.pitch),
        ):
            if ratio > _MAX_RATIO:
                raise ValueError(f"{name} must be at most {_MAX_RATIO:g}, got {ratio:g}")
        self._grid = [self.padding * size for size in self.sizes]
        checks.number_count("Propagation", *self._grid, 2)
        # Doubles as integers: a table of floating numbers would decide the operator's type.
        shape = (*self._grid, 2)
        self._hold("bits", lambda: self._transfer(device), shape, torch.int64, device)

    def _transfer(self, device: torch.device | str | None) -> torch.Tensor:
        """Return the bits of the transfer function."""
        fy, fx = (
            torch.fft.fftfreq(size, dtype=torch.float64, device=device)
            * (self.wavelength / self.pitch)
            for size in self._grid
        )
        square = 1 - fy[:, None].square() - fx.square()
        turn = 2 * math.pi * (self.distance / self.wavelength) * square.abs().sqrt()
        exponent = torch.where(square >= 0, 1j * turn, -turn)
        return torch.view_as_real(torch.exp(exponent)).contiguous().view(torch.int64)

    def _propagate(self, x: torch.Tensor, adjoint: bool) -> torch.Tensor:
        full = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        dtype = full.dtype.to_complex()
        if x.numel() == 0:
            return full.to(dtype)
        transfer = torch.view_as_complex(self.bits.view(torch.float64)).to(dtype)
        transfer = transfer.conj() if adjoint else transfer
        field = full.reshape(*x.shape[:-1], *self.sizes)
        spectrum = torch.fft.fft2(field, s=self._grid) * transfer
        rows, columns = self.sizes
        return torch.fft.ifft2(spectrum)[..., :rows, :columns].reshape(x.shape)

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return self._propagate(x, adjoint=False)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return self._propagate(y, adjoint=True)

    def _cost(self, batch: int) -> Cost:
        # A complex number is two, and so is a complex transform.
        points = math.prod(self._grid)
        product = Cost.elementwise(2 * (batch + 1) * points, 2 * batch * points, 6 * batch * points)
        return Cost.fft(4 * batch, points) + product

    def _symbol(self) -> str:
        return f"Propagation({'×'.join(map(str, self.sizes))}, {self.distance:g} m)"


def _length(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number of metres, got {checks.show(value)}")
    if not 0 < value <= sys.float_info.max:
        raise ValueError(f"{name} must be a positive finite number, got {checks.show(value)}")
    return float(value)
