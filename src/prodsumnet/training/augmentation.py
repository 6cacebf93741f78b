"""Random affine changes of whole batches of images, as tensor operations."""

import math

import torch
from torch.nn import functional

from prodsumnet.training.settings import Augmentation

_CHUNK = 1000


def augment(
    images: torch.Tensor, settings: Augmentation, generator: torch.Generator
) -> torch.Tensor:
    r"""Rotate, scale, shear, shift and perhaps mirror every image by its own random amounts.

    Parameters
    ----------
    images : Tensor
        ``(N, C, H, W)``, real; what comes in from outside the image is zero.
    settings : Augmentation
        The largest amounts.
    generator : torch.Generator
        Source of the amounts, on the CPU.

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
    angle, shear, scale_x, scale_y, shift_x, shift_y = (
        2 * torch.rand(6, count, generator=generator) - 1
    )
    angle = angle * math.radians(settings.rotation)
    shear = shear * settings.shear
    scale_x, scale_y = 1 + scale_x * settings.scale, 1 + scale_y * settings.scale
    if settings.flip:
        mirrored = torch.rand(count, generator=generator) < 0.5
        scale_x = torch.where(mirrored, -scale_x, scale_x)
    shift_x = 2 * settings.shift / width * shift_x
    shift_y = 2 * settings.shift / height * shift_y
    cos, sin = angle.cos(), angle.sin()
    aspect = height / width  # torch measures either axis in halves of its length
    rows = (
        torch.stack((cos * scale_x, (shear * cos - sin) * scale_y * aspect, shift_x), dim=-1),
        torch.stack((sin * scale_x / aspect, (shear * sin + cos) * scale_y, shift_y), dim=-1),
    )
    maps = torch.stack(rows, dim=1).to(images.device, images.dtype)
    result = torch.empty_like(images)
    for start in range(0, count, _CHUNK):
        part = images[start : start + _CHUNK]
        grid = functional.affine_grid(
            maps[start : start + _CHUNK], list(part.shape), align_corners=False
        )
        result[start : start + _CHUNK] = functional.grid_sample(part, grid, align_corners=False)
    return result
