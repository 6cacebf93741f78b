"""Detection of complex fields: what a camera or a photodiode reads."""

import math
import sys

import torch
from torch import nn

from prodsumnet.numerics import checks


class Intensity(nn.Module):
    r"""The intensity of a complex field, :math:`y = |x|^2`."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(...) -> (...)``, real."""
        return x.abs().square()


class DetectorRegions(nn.Module):
    r"""Shares of the light that fall on the square detectors of a plane, one for each class.

    Detectors stand in about as many lines as in a line, the longer ones in the middle, as the ten
    of Lin et al. (2018) in lines of 3, 4 and 3. The sum of the intensities on one, as a share of
    the sum on all, does not depend on the brightness of the input. Multiplied by a constant the
    shares serve as logits: with the default of 30, a detector with a tenth of the light more than
    each other one is 20 times as probable. Nothing is trained.

    Parameters
    ----------
    rows, columns : int
        Size of the plane, whose points are the features row by row.
    classes : int, optional
        Number of detectors.
    size : int, optional
        Length of their sides, in points; by default a third of what fits.
    scale : float, optional
        The constant.

    Raises
    ------
    TypeError
        If an argument has the wrong type.
    ValueError
        If so many detectors, or such large ones, do not fit, or the constant is not positive and
        finite.
    """

    def __init__(
        self,
        rows: int,
        columns: int,
        classes: int = 10,
        size: int | None = None,
        scale: float = 30.0,
    ) -> None:
        super().__init__()
        self.rows = checks.positive_int("rows", rows)
        self.columns = checks.positive_int("columns", columns)
        checks.number_count("a plane of detectors", self.rows, self.columns)
        self.classes = checks.positive_int("classes", classes, self.rows * self.columns)
        self._lines = self._detectors_by_line()
        fits = min(self.rows // len(self._lines), self.columns // max(self._lines))
        if fits == 0:
            raise ValueError(
                f"{self.classes} detectors need a plane of at least {len(self._lines)}x"
                f"{max(self._lines)} points, got {self.rows}x{self.columns}"
            )
        self.size = None if size is None else checks.positive_int("size", size, fits)
        self._side = max(1, fits // 3) if self.size is None else self.size
        if isinstance(scale, bool) or not isinstance(scale, int | float):
            raise TypeError(f"scale must be a real number, got {checks.show(scale)}")
        if not 0 < scale <= sys.float_info.max:
            raise ValueError(f"scale must be positive and finite, got {checks.show(scale)}")
        self.scale = float(scale)

    def _detectors_by_line(self) -> list[int]:
        lines = math.isqrt(self.classes)
        fewest, more = divmod(self.classes, lines)
        first = (lines - more) // 2
        return [fewest + (first <= line < first + more) for line in range(lines)]

    def corners(self) -> list[tuple[int, int]]:
        """Row and column of the first point of every detector, each in the middle of its cell."""

        def start(length: int, cell: int, cells: int) -> int:
            return ((2 * cell + 1) * length // cells - self._side) // 2

        return [
            (start(self.rows, line, len(self._lines)), start(self.columns, cell, cells))
            for line, cells in enumerate(self._lines)
            for cell in range(cells)
        ]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(..., rows * columns) -> (..., classes)``, from intensities.

        Raises
        ------
        ValueError
            If the last axis does not have a number for each point of the plane.
        """
        if x.dim() == 0 or x.shape[-1] != self.rows * self.columns:
            raise ValueError(
                f"expected intensities of shape (..., {self.rows * self.columns}), "
                f"got {tuple(x.shape)}"
            )
        masks = x.new_zeros(self.classes, self.rows, self.columns)
        for mask, (top, left) in zip(masks, self.corners(), strict=True):
            mask[top : top + self._side, left : left + self._side] = 1
        sums = x @ masks.flatten(1).mT
        total = sums.sum(-1, keepdim=True).clamp_min(torch.finfo(sums.dtype).tiny)
        return sums / total * self.scale

    def extra_repr(self) -> str:
        """Return the plane and its detectors."""
        return f"{self.rows}x{self.columns}, {self.classes} of {self._side}x{self._side}"
