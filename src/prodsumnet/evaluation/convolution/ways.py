"""The ways to compute a convolution: as a chain of convolutions, or by the Fourier transform."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional

from prodsumnet.evaluation.convolution import fourier, pointwise
from prodsumnet.evaluation.convolution.depthwise import depthwise, serves
from prodsumnet.evaluation.convolution.geometry import Geometry
from prodsumnet.evaluation.convolution.kernels import Chain, Stage
from prodsumnet.evaluation.convolution.pairs import convolve_pairs, paired_kernels
from prodsumnet.evaluation.convolution.pooled import pooled_product
from prodsumnet.evaluation.memory import Memory
from prodsumnet.numerics import checks

_FUNCTIONS: dict[int, Callable[..., torch.Tensor]] = {
    1: functional.conv1d,
    2: functional.conv2d,
    3: functional.conv3d,
}
_FORMATS = {2: torch.channels_last, 3: torch.channels_last_3d}

_LARGE, _LARGE_SINGLE = 2**16, 2**19
"""Numbers in the images from which on the order of their axes matters more than a call; the same
where one convolution takes them from a single channel, which has no order."""


@dataclass(frozen=True)
class _Step:
    """A stage, the arguments of torch's function for it, and its kernels."""

    stage: Stage
    function: Callable[..., torch.Tensor]
    options: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], int]
    kernels: Memory
    ordered: bool
    paired: bool

    def __call__(self, x: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        kernel = self.kernels.get(x) if self.kernels.usable() else self.prepare(x)
        if x.dtype is not kernel.dtype or (bias is not None and bias.dtype is not kernel.dtype):
            x, kernel = checks.unify(x, kernel)
            if bias is not None:
                bias = bias.to(kernel.dtype.to_complex() if bias.is_complex() else kernel.dtype)
        if self.paired:
            taps = self.stage.sizes[-1]
            return convolve_pairs(self.function, x, kernel, bias, taps, *self.options[:-1])
        if self.mixes(x):
            return pointwise.pointwise(x, kernel, bias)
        if self.stage.groups == 1:
            return self.convolve(x, kernel, bias)
        alone = serves(x, kernel) and torch.is_grad_enabled() and kernel.requires_grad
        if not checks.autocasting(x.device):
            if alone:
                return depthwise(x, kernel, bias, *self.options[:-1])
            return self.convolve(x, kernel, bias)
        with torch.autocast(x.device.type, enabled=False):
            if alone:
                low = torch.get_autocast_dtype(x.device.type)
                bias = None if bias is None else bias.to(low)
                return depthwise(x.to(low), kernel.to(low), bias, *self.options[:-1])
            # Other grouped convolutions have no fast backward in half precision on a CPU.
            return self.convolve(x.to(kernel.dtype), kernel, bias)

    def convolve(
        self, x: torch.Tensor, kernel: torch.Tensor, bias: torch.Tensor | None
    ) -> torch.Tensor:
        """Return torch's convolution."""
        return self.function(x, kernel, bias, *self.options)

    @property
    def pointwise(self) -> bool:
        """Whether it takes channels to channels, pixel by pixel."""
        return not any(self.stage.axes)

    def mixes(self, x: torch.Tensor) -> bool:
        """Whether it is a matrix product for all pixels, which puts channels innermost."""
        suits = self.pointwise and self.ordered and not checks.autocasting(x.device)
        return suits and pointwise.serves(x)

    def pooled(self, x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """Return ReLU of the largest of every two by two pixels, if it is pointwise."""
        kernel = self.kernels.get(x) if self.kernels.usable() else self.prepare(x)
        x, kernel = checks.unify(_lowered(x), _lowered(kernel))
        return pooled_product(x, kernel[:, :, 0, 0], bias.to(x.dtype))

    def prepare(self, x: torch.Tensor) -> torch.Tensor:
        """Return the kernels as they are needed for an input."""
        kernel = self.stage.kernel(x.dtype, x.device)
        if self.paired:
            stride, _, dilation, _ = self.options
            return paired_kernels(kernel, stride[-1], dilation[-1])
        return _ordered(kernel) if self.ordered else kernel


class Convolutions:
    """A chain of convolutions.

    Parameters
    ----------
    chain : tuple of Stage
        The chain.
    geometry : Geometry
        Of all of it together.
    numbers : int
        Numbers of the largest image in it.
    learning : bool
        Whether gradients will be wanted, or precision is mixed.
    """

    def __init__(self, chain: Chain, geometry: Geometry, numbers: int, learning: bool) -> None:
        self.chain, self.geometry = chain, geometry
        self._padding = geometry.padding()
        single = len(chain) == chain[0].in_channels == 1
        self._ordered = geometry.axes in _FORMATS and (
            len(chain) > 1 or numbers >= (_LARGE_SINGLE if single else _LARGE)
        )
        self._large = numbers >= _LARGE
        self._steps = [self._step(stage) for stage in chain]
        kept = not learning and not torch.is_grad_enabled()
        self._alone = kept and len(chain) == 1 and self._padding is not None and not self._ordered

    def _step(self, stage: Stage) -> _Step:
        def along(values: tuple[int, ...], usual: int) -> tuple[int, ...]:
            return tuple(v if on else usual for v, on in zip(values, stage.axes, strict=True))

        padding = self._padding or (0,) * self.geometry.axes
        memory = Memory(stage.operator, lambda x: step.prepare(x))
        step = _Step(
            stage,
            _FUNCTIONS[self.geometry.axes],
            (
                along(self.geometry.stride, 1),
                along(padding, 0),
                along(self.geometry.dilation, 1),
                stage.groups,
            ),
            memory,
            self._ordered,
            self._ordered and self._large and stage.in_channels == 1 and any(stage.axes),
        )
        return step

    def __call__(self, x: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        """``(N, in_channels, ...) -> (N, out_channels, ...)``."""
        if self._alone:
            # One convolution with kernels that are kept: of a small image every check is felt.
            step = self._steps[0]
            kernel = step.kernels.fresh()
            plain = bias is None or bias.dtype is x.dtype
            if plain and kernel is not None and kernel.dtype is x.dtype:
                return step.function(x, kernel, bias, *step.options)
        x = self._ready(x)
        *others, last = self._steps
        for step in others:
            x = step(x, None)
        x = last(x, bias)
        return _ordered(x) if self._ordered else x

    def _ready(self, x: torch.Tensor) -> torch.Tensor:
        """Return images with borders, and with the channels where they are wanted."""
        if self._padding is None:
            x = self.geometry.pad(x)
        return (
            _ordered(x) if self._ordered and x.shape[1] > 1 and not self._steps[0].mixes(x) else x
        )

    def pooled(self, x: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        """Return ``relu(max_pool2d(self(x, bias), 2))``, of two-dimensional images."""
        *others, last = self._steps
        if bias is None or x.is_complex() or not last.pointwise:
            return _pooled(self(x, None), bias)
        x = self._ready(x)
        for step in others:
            x = step(x, None)
        return last.pooled(x, bias)


class Transformed:
    """A convolution by the fast Fourier transform.

    Parameters
    ----------
    stage : Stage
        With the whole kernel matrix.
    geometry : Geometry
        Of the convolution.
    x : Tensor
        Images, for their size and type.
    """

    def __init__(self, stage: Stage, geometry: Geometry, x: torch.Tensor) -> None:
        self.stage, self.geometry = stage, geometry
        self.sizes = fourier.transform_size(geometry.padded_size(x.shape[2:]))
        self._complex = x.is_complex() or stage.kernel(x.dtype, x.device).is_complex()
        self._spectra = Memory(stage.operator, self._spectrum)

    def _spectrum(self, x: torch.Tensor) -> torch.Tensor:
        kernel = self._full(self.stage.kernel(x.dtype, x.device))
        return fourier.spectrum(kernel, self.geometry, self.sizes)

    def _full(self, x: torch.Tensor) -> torch.Tensor:
        """Return a tensor in a type that has Fourier transforms."""
        x = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        return x.to(x.dtype.to_complex()) if self._complex else x

    def __call__(self, x: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        """``(N, in_channels, ...) -> (N, out_channels, ...)``."""
        with torch.autocast(x.device.type, enabled=False):
            spectra = self._spectra.get(x) if self._spectra.usable() else self._spectrum(x)
            padded = self.geometry.pad(self._full(x))
            y = fourier.convolve(padded, spectra, self.geometry, self.sizes)
            y = y.to(x.dtype.to_complex() if y.is_complex() else x.dtype)
        if bias is None:
            return y
        return y + bias.to(y.dtype).view(-1, *[1] * self.geometry.axes)

    def pooled(self, x: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        """Return ``relu(max_pool2d(self(x, bias), 2))``, of two-dimensional images."""
        return _pooled(self(x, None), bias)


def _pooled(x: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """Pool images, add a bias to the largest pixels, which stay the largest, and take ReLU."""
    y = functional.max_pool2d(x, 2)
    return functional.relu(y if bias is None else y + bias.to(y.dtype).view(-1, 1, 1))


def _lowered(x: torch.Tensor) -> torch.Tensor:
    """Return images in the precision that automatic mixed precision will take, if it is on."""
    if not checks.autocasting(x.device) or x.dtype != torch.float32:
        return x
    return x.to(torch.get_autocast_dtype(x.device.type))


def _ordered(x: torch.Tensor) -> torch.Tensor:
    """Return images with channels innermost, with which pooling and mixing are much faster."""
    return x.contiguous(memory_format=_FORMATS[x.dim() - 2])
