"""Random affine changes of whole batches of images, as tensor operations."""

import math

import torch
from torch.nn import functional

from prodsumnet.training.settings import Augmentation

_CHUNK = 1000


def draw_amounts(count: int, settings: Augmentation, generator: torch.Generator) -> torch.Tensor:
    """Draw how much each of ``count`` images changes, for `augment`.

    Returns
    -------
    Tensor
        ``(6, count)``, uniform in [-1, 1), on the CPU; where images may be mirrored ``(7, count)``,
        and the last row is below zero for those that are.
    """
    rows = [torch.rand(6, count, generator=generator)]
    if settings.flip:
        rows.append(torch.rand(1, count, generator=generator))
    return 2 * torch.cat(rows) - 1


def augment(images: torch.Tensor, settings: Augmentation, amounts: torch.Tensor) -> torch.Tensor:
    r"""Rotate, scale, shear, shift and perhaps mirror every image by its own amounts.

    Parameters
    ----------
    images : Tensor
        ``(N, C, H, W)``, real; what comes in from outside the image is zero.
    settings : Augmentation
        The largest amounts.
    amounts : Tensor
        ``(6, N)`` or ``(7, N)``, shares of the largest amounts, as `draw_amounts` draws them.

    Returns
    -------
    Tensor
        Of the same shape and type, sampled bilinearly at :math:`R\, K\, S\, p + t` for each
        position :math:`p` in pixels from the centre, with rotation R, shear K, scaling S and
        shift t.

    Raises
    ------
    ValueError
        If they are no images, such as the rows of a table.
    """
    if images.dim() != 4:
        raise ValueError(
            f"augmentation is for images (N, C, H, W), got samples of shape {tuple(images.shape)}; "
            'set "augmentation": null'
        )
    count, _, height, width = images.shape
    angle, shear, scale_x, scale_y, shift_x, shift_y = amounts[:6]
    angle = angle * math.radians(settings.rotation)
    shear = shear * settings.shear
    scale_x, scale_y = 1 + scale_x * settings.scale, 1 + scale_y * settings.scale
    if settings.flip:
        scale_x = torch.where(amounts[6] < 0, -scale_x, scale_x)
    shift_x = 2 * settings.shift / width * shift_x
    shift_y = 2 * settings.shift / height * shift_y
    cos, sin = angle.cos(), angle.sin()
    aspect = height / width  # torch measures either axis in halves of its length
    rows = (
        torch.stack((cos * scale_x, (shear * cos - sin) * scale_y * aspect, shift_x)),
        torch.stack((sin * scale_x / aspect, (shear * sin + cos) * scale_y, shift_y)),
    )
    maps = torch.stack(rows).to(images.device, images.dtype)
    across, down = (_centres(size, images) for size in (width, height))
    result = torch.empty_like(images)
    for start in range(0, count, _CHUNK):
        part = slice(start, start + _CHUNK)
        # Several times quicker than `torch.nn.functional.affine_grid`, which multiplies matrices.
        axes = []
        for by_column, by_row, shift in maps[:, :, part, None]:
            columns, lines = by_column * across, torch.addcmul(shift, by_row, down)
            axes.append(columns[:, None, :] + lines[:, :, None])
        grid = torch.stack(axes, dim=-1)
        result[part] = functional.grid_sample(images[part], grid, align_corners=False)
    return result


def _centres(size: int, images: torch.Tensor) -> torch.Tensor:
    """Return where the pixels of an axis are, which as torch has it goes from -1 to 1."""
    pixels = torch.arange(size, device=images.device, dtype=images.dtype)
    return (2 * pixels + 1) / size - 1
