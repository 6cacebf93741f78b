"""Learned kernels and factors as small grey pictures: black is least, white is most, grey is zero.

Grey, so that nothing is lost without colour, on paper or in the dark.
"""

import base64
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from prodsumnet import nn, storage
from prodsumnet.experiments.report.extra import extra
from prodsumnet.nn.convolution import Convolution
from prodsumnet.operators import LinearOperator, notation

MAX_KERNELS = 64
MAX_FACTORS = 40
MAX_NUMBERS = 16_384
"""Most numbers of a factor that is drawn."""

_ROW = 64
_GUTTER = 2
_MAGNIFIED = 6
_THINNEST = 14
"""Fewest pixels on the page across a picture, or a row of numbers could not be seen."""
_PNG: dict[str, Any] = {"Software": None}  # Or matplotlib writes its version into every picture.


@dataclass(frozen=True)
class Picture:
    """A picture and what is written under it; the address is empty where it would be too large.

    Attributes
    ----------
    title, caption : str
        What is shown, and its shape and range.
    address : str
        The picture as a data URI.
    width, height : int
        Its size on the page, in CSS pixels.
    """

    title: str
    caption: str
    address: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class Album:
    """The pictures of one network; and how many of its factors are left out."""

    kernels: Picture | None
    factors: tuple[Picture, ...]
    left_out: int

    @property
    def size(self) -> int:
        """How many bytes its pictures have on the page."""
        pictures = self.factors if self.kernels is None else (self.kernels, *self.factors)
        return sum(len(picture.address) for picture in pictures)


def album(model: str) -> Album:
    """Draw a trained network.

    Parameters
    ----------
    model : str
        Its file, or the name of a shipped one.

    Raises
    ------
    FileNotFoundError, ValueError
        If it cannot be read.
    """
    network = storage.load(model)
    first = next((layer for layer in network if isinstance(layer, Convolution)), None)
    factors = list(_factors(network))
    return Album(
        None if first is None else _kernels(first),
        tuple(_factor(layer, leaf, numbers) for layer, leaf, numbers in factors[:MAX_FACTORS]),
        max(len(factors) - MAX_FACTORS, 0),
    )


def _factors(network: nn.Network) -> Iterator[tuple[str, LinearOperator, torch.Tensor]]:
    """Yield the trained tensors of operators, each once, with the leaf and layer that has it."""
    seen: set[int] = set()
    for position, layer in enumerate(network):
        for module in layer.modules():
            if isinstance(module, LinearOperator):
                for numbers in module.parameters(recurse=False):
                    if id(numbers) not in seen:
                        seen.add(id(numbers))
                        yield f"layer {position}, {type(layer).__name__}", module, numbers


@torch.no_grad()
def _kernels(layer: Convolution) -> Picture:
    weight = layer.weight
    size = (1, *weight.shape[2:])[-2:]
    tiles = _real(weight).reshape(-1, *size)
    shown = tiles[:MAX_KERNELS]
    columns = math.ceil(math.sqrt(2 * len(shown) * size[0] / size[1]))
    rows = math.ceil(len(shown) / columns)
    # Kernels magnified, so that the gaps between them are narrower than their numbers.
    step = [_MAGNIFIED * length + _GUTTER for length in size]
    sheet = np.full((rows * step[0] - _GUTTER, columns * step[1] - _GUTTER), np.nan)
    for index, tile in enumerate(shown):
        top, left = (index // columns) * step[0], (index % columns) * step[1]
        large = tile.repeat(_MAGNIFIED, 0).repeat(_MAGNIFIED, 1)
        sheet[top : top + large.shape[0], left : left + large.shape[1]] = large
    count = f"{len(shown)} of {len(tiles)}" if len(shown) < len(tiles) else str(len(tiles))
    shape = "×".join(map(str, weight.shape[2:]))
    caption = f"{count} kernels of {shape}; {_range(shown)}"
    return _picture("First convolution", caption, sheet, 1)


def _factor(layer: str, leaf: LinearOperator, numbers: torch.Tensor) -> Picture:
    title = notation.formula(leaf)
    caption = f"{layer}; {'×'.join(map(str, numbers.shape)) or '1'} numbers"
    if numbers.numel() > MAX_NUMBERS:
        return Picture(title, f"{caption}, too many to draw")
    values = _real(numbers)
    caption += f", {_range(values)}"
    if values.size == max(values.shape, default=1):
        rows = math.ceil(values.size / _ROW)
        padded = np.full(rows * min(_ROW, values.size), np.nan)
        padded[: values.size] = values.reshape(-1)
        values = padded.reshape(rows, -1)
    values = values.reshape(-1, values.shape[-1])
    return _picture(title, caption, values, min(10, max(2, 240 // max(values.shape))))


def _real(numbers: torch.Tensor) -> np.ndarray:
    """Return numbers in float64, complex ones by their moduli."""
    plain = numbers.detach().abs() if numbers.is_complex() else numbers.detach()
    return plain.double().cpu().numpy()


def _range(values: np.ndarray) -> str:
    return f"{values.min():.2g} to {values.max():.2g}".replace("-", "−")


def _picture(title: str, caption: str, values: np.ndarray, cell: int) -> Picture:
    """Draw numbers as pixels, each once unless that is too thin; what is none is transparent."""
    with extra():
        from matplotlib.image import imsave

    for axis, length in enumerate(values.shape):
        values = values.repeat(max(1, math.ceil(_THINNEST / (length * cell))), axis)
    largest = np.nanmax(np.abs(values)) or 1.0
    grey = np.nan_to_num(np.round(255 * (0.5 + 0.5 * values / largest))).astype(np.uint8)
    opaque = np.where(np.isnan(values), 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    pixels = np.stack([grey, grey, grey, opaque], axis=-1)
    imsave(buffer, pixels, format="png", metadata=_PNG)
    address = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    height, width = values.shape
    return Picture(title, caption, address, width * cell, height * cell)
