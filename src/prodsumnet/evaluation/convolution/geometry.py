"""How the kernels of a convolution move over an image."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional

from prodsumnet.numerics import borders


@dataclass(frozen=True)
class Geometry:
    """The arguments of a convolution beside its channels and its kernels.

    Parameters
    ----------
    kernel_size, stride, dilation : tuple of int
        Along each axis of the image.
    widths : tuple of (int, int)
        Borders before and after each axis.
    mode : str
        What they are filled with, one of `prodsumnet.numerics.borders.MODES`.
    groups : int
        As in torch's layers.
    """

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    widths: borders.Widths
    mode: str
    groups: int

    @property
    def axes(self) -> int:
        """Number of axes of an image."""
        return len(self.kernel_size)

    def output_size(self, image_size: Sequence[int]) -> tuple[int, ...]:
        """Return at how many positions the kernels are applied, along each axis."""
        return self.valid_size(self.padded_size(image_size))

    def valid_size(self, padded_size: Sequence[int]) -> tuple[int, ...]:
        """Return the same of an image that has its borders."""
        spans = (d * (k - 1) + 1 for k, d in zip(self.kernel_size, self.dilation, strict=True))
        axes = zip(padded_size, spans, self.stride, strict=True)
        return tuple((size - span) // jump + 1 for size, span, jump in axes)

    def padded_size(self, image_size: Sequence[int]) -> tuple[int, ...]:
        """Return the size of an image with its borders."""
        return tuple(n + a + b for n, (a, b) in zip(image_size, self.widths, strict=True))

    def check(self, image_size: Sequence[int]) -> None:
        """Check that an image is large enough.

        Raises
        ------
        ValueError
            If its borders cannot be filled, or the kernels do not fit in.
        """
        borders.check_mode(self.mode, self.widths, image_size)
        if min(self.output_size(image_size)) < 1:
            raise ValueError(
                f"kernels of {self.kernel_size}, dilated by {self.dilation}, are larger than "
                f"images of {tuple(image_size)} with their borders"
            )

    def padding(self) -> tuple[int, ...] | None:
        """Return zeros to add on both sides of each axis; None if that is not all there is."""
        if self.mode == "zeros" and all(a == b for a, b in self.widths):
            return tuple(a for a, _ in self.widths)
        return None

    def pad(self, x: torch.Tensor) -> torch.Tensor:
        """Return images with their borders."""
        return borders.pad(x, self.widths, self.mode)


def dilated(kernel: torch.Tensor, axis: int, step: int) -> torch.Tensor:
    """Return kernels with ``step - 1`` zeros between their taps along an axis.

    Parameters
    ----------
    kernel : Tensor
        Kernels.
    axis, step : int
        Along which axis, and from one tap to the next.
    """
    if step == 1 or kernel.shape[axis] == 1:
        return kernel
    spread = functional.pad(kernel.movedim(axis, -1).unsqueeze(-1), (0, step - 1)).flatten(-2)
    return spread[..., : 1 - step].movedim(-1, axis)
