"""Which way to compute a convolution, and what each should take."""

import math
from dataclasses import dataclass
from typing import Literal

import torch

from prodsumnet.evaluation.convolution.geometry import Geometry
from prodsumnet.evaluation.convolution.kernels import Chain, Stage, chains, prepared, whole
from prodsumnet.evaluation.convolution.ways import Convolutions, Transformed
from prodsumnet.evaluation.tabulation import tabulated
from prodsumnet.numerics import checks
from prodsumnet.operators import LinearOperator

ConvolutionStrategy = Literal["auto", "dense", "factors", "fft"]

CONVOLUTION_STRATEGIES: dict[ConvolutionStrategy, str] = {
    "auto": "whichever should be the quickest",
    "dense": "one convolution with the dense kernels, kept where no gradients are wanted",
    "factors": "successive convolutions: pointwise, depthwise, separable, a core of few channels",
    "fft": "products in the frequency domain",
}

Evaluation = Convolutions | Transformed


@dataclass(frozen=True)
class _Rate:
    """Operations a second, forward and backward, of one kind of convolution."""

    forward: float
    backward: float


# One core of a present-day CPU with vectors of 512 bits; only the ratios matter.
_DENSE, _LARGE_KERNEL = _Rate(2.2e11, 2.3e11), _Rate(5.5e10, 3e10)
_POINTWISE, _DEPTHWISE = _Rate(1.8e11, 1.8e11), _Rate(1.5e11, 5e10)
_COMPLEX, _TRANSFORM = _Rate(4e10, 3e10), _Rate(1e10, 1e10)
_CALL, _BYTE = 4e-6, 5e-11
_COMPOSE_CALL, _COMPOSE_NUMBER = 2e-5, 1e-9
_LARGE_TAPS = 200
_FEW_CHANNELS = 16


@dataclass(frozen=True)
class ConvolutionCandidate:
    """One way to compute a convolution.

    Parameters
    ----------
    strategy : str
        Its name.
    chain : tuple of Stage
        The convolutions; a single one for 'dense' and 'fft'.
    seconds : float
        What it should take.
    """

    strategy: ConvolutionStrategy
    chain: Chain
    seconds: float

    def __str__(self) -> str:
        return " → ".join(map(_describe, self.chain))


@dataclass(frozen=True)
class ConvolutionExplanation:
    """The ways to compute a convolution of a batch of images, and which one is taken.

    Parameters
    ----------
    title : str
        What is computed.
    candidates : tuple of ConvolutionCandidate
        The ways, the quickest one first.
    chosen : ConvolutionCandidate
        The one taken.
    """

    title: str
    candidates: tuple[ConvolutionCandidate, ...]
    chosen: ConvolutionCandidate

    def __str__(self) -> str:
        ways = [
            (way is self.chosen, way.strategy, way.seconds, str(way)) for way in self.candidates
        ]
        return tabulated(self.title, ways)


def check_convolution_strategy(
    value: object, operator: LinearOperator, geometry: Geometry, in_channels: int
) -> ConvolutionStrategy:
    """Return ``value`` if it is the name of a strategy that exists for a kernel matrix.

    Raises
    ------
    ValueError
        If it is not; the message says why.
    """
    for name in CONVOLUTION_STRATEGIES:
        if value == name:
            if name == "factors" and not _factored(operator, geometry, in_channels):
                raise ValueError(
                    "strategy 'factors' needs kernels that are a product of a pointwise and "
                    f"another convolution, in one group; got {operator!r} in {geometry.groups} "
                    "groups"
                )
            return name
    names = ", ".join(CONVOLUTION_STRATEGIES)
    raise ValueError(f"strategy must be one of {names}, got {checks.show(value)}")


def _factored(operator: LinearOperator, geometry: Geometry, in_channels: int) -> list[Chain]:
    """Return the chains of a kernel matrix, a depthwise convolution by itself included."""
    return chains(operator, in_channels, geometry.groups, geometry.kernel_size)


def explain_convolution(
    operator: LinearOperator,
    geometry: Geometry,
    in_channels: int,
    batch: int,
    image_size: tuple[int, ...],
    gradients: bool,
    strategy: ConvolutionStrategy = "auto",
) -> ConvolutionExplanation:
    """Return the ways to compute a convolution, with predicted times and the choice.

    Parameters
    ----------
    operator : LinearOperator
        Kernel matrix.
    geometry : Geometry
        How the kernels move.
    in_channels : int
        Channels of the images.
    batch : int
        Images at a time.
    image_size : tuple of int
        Of an image, without its channels and borders.
    gradients : bool
        Whether the gradients of images and numbers will be wanted.
    strategy : str, optional
        Take this way and no other.
    """
    single = whole(operator, in_channels, geometry.groups, geometry.kernel_size)
    clock = _Clock(geometry, max(batch, 1), image_size, gradients)
    ways = [
        ConvolutionCandidate("dense", single, clock.convolutions(single)),
        ConvolutionCandidate("fft", single, clock.transforms(single[0])),
        *(
            ConvolutionCandidate("factors", chain, clock.convolutions(chain))
            for chain in _factored(operator, geometry, in_channels)
        ),
    ]
    ways.sort(key=lambda way: way.seconds)
    # Transforms of nothing do not exist.
    possible = [way for way in ways if batch > 0 or way.strategy != "fft"]
    # A layer's operator may have been replaced by one that has no factors.
    allowed = [way for way in possible if strategy in ("auto", way.strategy)] or possible
    task = "forward and backward" if gradients else "forward"
    sizes = "×".join(map(str, image_size))
    title = f"{operator!r}, {batch} images of {sizes}, {task}"
    return ConvolutionExplanation(title, tuple(ways), allowed[0])


def plan_convolution(
    operator: LinearOperator,
    geometry: Geometry,
    in_channels: int,
    x: torch.Tensor,
    gradients: bool,
    strategy: ConvolutionStrategy = "auto",
) -> Evaluation:
    """Return the quickest way to compute a convolution.

    Parameters
    ----------
    operator, geometry, in_channels, gradients, strategy
        As for `explain_convolution`.
    x : Tensor
        Images, for their size and type; their numbers do not matter.

    Returns
    -------
    callable
        Of images of this size and a bias. It stays right when numbers change, be it in place or by
        loading; where a conversion changes their type, a new plan is needed.
    """
    batch, size = len(x), tuple(x.shape[2:])
    arguments = operator, geometry, in_channels, batch, size, gradients, strategy
    chosen = explain_convolution(*arguments).chosen
    # What is computed once must serve training too, wherever the plan was made.
    with torch.inference_mode(False), torch.no_grad():
        chain = prepared(chosen.chain, operator.dtype or x.dtype, x.device)
        if chosen.strategy == "fft":
            return Transformed(chain[0], geometry, x)
    outputs = math.prod(geometry.output_size(size))
    numbers = batch * max(x[0].numel() if batch else 0, operator.out_features * outputs)
    return Convolutions(chain, geometry, numbers, gradients or checks.autocasting(x.device))


def _describe(stage: Stage) -> str:
    """Return a stage in words, such as ``5×5 depthwise 32:32``."""
    size = "×".join(map(str, stage.sizes))
    kind = " depthwise" if stage.groups == stage.in_channels > 1 else ""
    return f"{size}{kind} {stage.in_channels}:{stage.out_channels}"


class _Clock:
    """What convolutions of one size should take, in seconds."""

    def __init__(
        self, geometry: Geometry, batch: int, image_size: tuple[int, ...], gradients: bool
    ) -> None:
        self.geometry, self.batch, self.gradients = geometry, batch, gradients
        self.image_size = image_size
        self.inputs = math.prod(image_size)
        self.outputs = math.prod(geometry.output_size(image_size))

    def convolutions(self, chain: Chain) -> float:
        """Return the time of a chain of convolutions."""
        total, positions = 0.0, self.inputs
        for stage in chain:
            after = self._positions_after(positions, stage)
            total += self._stage(stage, positions, after)
            positions = after
        return total

    def _positions_after(self, positions: int, stage: Stage) -> int:
        if all(stage.axes):
            return self.outputs
        ratio = 1.0
        after = self.geometry.output_size(self.image_size)
        for before, size, on in zip(self.image_size, after, stage.axes, strict=True):
            ratio *= size / before if on else 1
        return round(positions * ratio)

    def _stage(self, stage: Stage, before: int, after: int) -> float:
        flops = 2 * self.batch * after * stage.macs
        rate, inner = _DENSE, stage.in_channels // stage.groups
        if not any(stage.axes):
            rate = _POINTWISE
        elif stage.groups > 1 and inner == 1:
            rate = _DEPTHWISE
        elif math.prod(stage.sizes) > _LARGE_TAPS:
            rate = _LARGE_KERNEL
        # Fewer channels than a vector takes leave a part of it empty.
        waste = 1.0
        if rate is not _DEPTHWISE:
            outer = stage.out_channels // stage.groups
            waste = max(1.0, _FEW_CHANNELS / outer)
        # Rough: one convolution and fixed kernels first are about as quick with one channel.
        waste *= 2 if self.gradients and stage.in_channels == 1 else 1
        numbers = self.batch * (before * stage.in_channels + after * stage.out_channels)
        # The gradient of depthwise kernels puts the images in another order.
        numbers *= 2 if self.gradients and rate is _DEPTHWISE else 1
        fixed = not any(factor.requires_grad for factor in stage.operator.parameters())
        return self._total(flops * waste, rate, numbers, fixed) + self._composing(stage)

    def transforms(self, stage: Stage) -> float:
        """Return the time of a convolution by the Fourier transform."""
        size = math.prod(self.geometry.padded_size(self.image_size))
        inputs, outputs = stage.in_channels, stage.out_channels
        kernels = stage.macs // math.prod(stage.sizes)
        images = self.batch * (inputs + outputs) + (kernels if self.gradients else 0)
        transforms = 2.5 * images * size * math.log2(max(size, 2))
        products = 4 * size * self.batch * kernels
        numbers = 3 * images * size
        time = self._total(transforms, _TRANSFORM, numbers) + self._total(products, _COMPLEX, 0)
        return time + 8 * _CALL + self._composing(stage)

    def _total(self, flops: float, rate: _Rate, numbers: int, fixed: bool = False) -> float:
        """Return the time of products, and of their gradients: fixed kernels have none."""
        time = _CALL + flops / rate.forward + 4 * numbers * _BYTE
        if self.gradients:
            products = 1 if fixed else 2
            time += products * (_CALL + flops / rate.backward) + 8 * numbers * _BYTE
        return time

    def _composing(self, stage: Stage) -> float:
        """Return the time of the kernels, which without gradients are kept."""
        if not self.gradients:
            return 0.0
        return _COMPOSE_CALL + math.prod(stage.operator.shape) * _COMPOSE_NUMBER
