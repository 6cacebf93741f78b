"""Padding of images: how wide the borders are, how they are filled, and the adjoint of that."""

from collections.abc import Sequence

import torch
from torch.nn import functional

from prodsumnet.numerics import checks

MODES = ("zeros", "circular", "reflect", "replicate")
"""What torch's convolution layers can fill borders with."""

Widths = tuple[tuple[int, int], ...]
"""For each axis, the number of positions added before and after."""


def widths(
    padding: int | Sequence[int] | str,
    kernel_size: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
) -> Widths:
    """Return the borders that a convolution's ``padding`` argument asks for, axis by axis.

    Raises
    ------
    ValueError
        If ``padding`` is a string other than 'same' and 'valid', or 'same' comes with a stride.
    """
    if not isinstance(padding, str):
        sizes = checks.size_tuple("padding", padding, len(kernel_size), minimum=0)
        return tuple((size, size) for size in sizes)
    if padding == "valid":
        return tuple((0, 0) for _ in kernel_size)
    if padding != "same":
        raise ValueError(f"padding must be integers, 'same' or 'valid', got {padding!r}")
    if any(step != 1 for step in stride):
        raise ValueError(f"padding 'same' needs stride 1, got stride {tuple(stride)}")
    totals = [step * (length - 1) for step, length in zip(dilation, kernel_size, strict=True)]
    return tuple((total // 2, total - total // 2) for total in totals)


def check_mode(mode: str, borders: Widths, input_size: Sequence[int]) -> None:
    """Check that images of a size can be padded in a mode.

    Raises
    ------
    ValueError
        If the mode is unknown, or a border exceeds what the mode can draw from the image.
    """
    if mode not in MODES:
        raise ValueError(f"padding_mode must be one of {MODES}, got {mode!r}")
    for size, border in zip(input_size, borders, strict=True):
        limit = {"circular": size, "reflect": size - 1}.get(mode)
        if limit is not None and max(border) > limit:
            raise ValueError(
                f"{mode} padding of {max(border)} needs more than an axis of length {size}"
            )


def _sources(size: int, border: tuple[int, int], mode: str, device: torch.device) -> torch.Tensor:
    """Position in the image from which each padded position takes its value."""
    position = torch.arange(-border[0], size + border[1], device=device)
    if mode == "circular":
        return position % size
    if mode == "replicate":
        return position.clamp(0, size - 1)
    mirrored = position.abs()
    return (size - 1) - (size - 1 - mirrored).abs()


def pad(images: torch.Tensor, borders: Widths, mode: str) -> torch.Tensor:
    """Pad the last ``len(borders)`` axes, with borders that `check_mode` accepts."""
    if not any(map(any, borders)):
        return images
    if mode == "zeros":
        return functional.pad(images, [side for border in reversed(borders) for side in border])
    for axis, border in zip(range(-len(borders), 0), borders, strict=True):
        sources = _sources(images.shape[axis], border, mode, images.device)
        images = images.index_select(axis, sources)
    return images


def fold(padded: torch.Tensor, borders: Widths, mode: str) -> torch.Tensor:
    """Apply the adjoint of `pad`: add every border position to where its value came from."""
    for axis, border in zip(range(-len(borders), 0), borders, strict=True):
        size = padded.shape[axis] - sum(border)
        if mode == "zeros":
            padded = padded.narrow(axis, border[0], size)
        else:
            shape = list(padded.shape)
            shape[axis] = size
            sources = _sources(size, border, mode, padded.device)
            padded = padded.new_zeros(shape).index_add(axis, sources, padded)
    return padded
