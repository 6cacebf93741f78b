"""Convolution layers whose kernel matrix is an operator, in one, two and three dimensions."""

import math
from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import nn

from prodsumnet.evaluation import (
    ConvolutionExplanation,
    ConvolutionStrategy,
    Geometry,
    cheapest,
    check_convolution_strategy,
    explain_convolution,
    macs,
    plan_convolution,
)
from prodsumnet.evaluation.convolution.planning import Evaluation
from prodsumnet.evaluation.plans import circumstances
from prodsumnet.nn.structured import Structured
from prodsumnet.numerics import borders, checks, dtypes
from prodsumnet.operators import LinearOperator


class Convolution(Structured):
    r"""A convolution layer of torch's with an operator for its kernel matrix, in any dimension.

    A subclass names torch's layer, and says how many axes there are and how they are convolved.

    Parameters
    ----------
    in_channels, out_channels, kernel_size
        As in torch's layer.
    operator : LinearOperator or str
        The kernel matrix, of shape ``(out_channels, in_channels // groups * prod(kernel_size))``:
        row ``o`` is the flattened kernel of output channel ``o``. It is used as it is, with the
        numbers that it has. Or the name of a family, from which such a matrix is built.
    stride, padding, dilation, groups, padding_mode
        As in torch's layer; ``padding`` may be 'same' or 'valid'.
    bias : bool or LinearOperator, optional
        True for a vector of ``out_channels`` trainable numbers, starting at zero; an operator of
        shape ``(out_channels, 1)``, used as it is, for a bias with a structure of its own.
    device, dtype
        Of the bias vector, and of a family's operator; by default the operator's.
    budget, seed, exact
        For a family, see `prodsumnet.families.build`.
    strategy : str, optional
        How the convolution is computed, one of `prodsumnet.evaluation.CONVOLUTION_STRATEGIES`; by
        default whichever should be the quickest. All give the same to rounding.

    Raises
    ------
    TypeError, ValueError
        If an argument is not valid, or the shape of an operator is another.
    """

    axes: ClassVar[int]
    letters: ClassVar[str]
    plain: ClassVar[type[nn.Conv1d | nn.Conv2d | nn.Conv3d]]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        operator: LinearOperator | str,
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] | str = 0,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        bias: bool | LinearOperator = True,
        padding_mode: Literal["zeros", "circular", "reflect", "replicate"] = "zeros",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        budget: int | None = None,
        seed: int = 0,
        exact: bool = False,
        strategy: ConvolutionStrategy = "auto",
    ) -> None:
        in_channels = checks.positive_int("in_channels", in_channels)
        out_channels = checks.positive_int("out_channels", out_channels)
        groups = checks.positive_int("groups", groups)
        if in_channels % groups or out_channels % groups:
            raise ValueError(
                f"groups must divide in_channels {in_channels} and out_channels {out_channels}, "
                f"got {groups}"
            )
        kernel_size = checks.size_tuple("kernel_size", kernel_size, self.axes)
        stride = checks.size_tuple("stride", stride, self.axes)
        dilation = checks.size_tuple("dilation", dilation, self.axes)
        widths = borders.widths(padding, kernel_size, stride, dilation)
        if padding_mode not in borders.MODES:
            raise ValueError(
                f"padding_mode must be one of {borders.MODES}, got {checks.show(padding_mode)}"
            )
        shape = out_channels, in_channels // groups * math.prod(kernel_size)
        super().__init__(operator, shape, bias, device, dtype, budget, seed, exact)
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride, self.dilation = kernel_size, stride, dilation
        self.padding = padding if isinstance(padding, str) else tuple(a for a, _ in widths)
        self.padding_mode = padding_mode
        self._geometry = Geometry(kernel_size, stride, dilation, widths, padding_mode, groups)
        self.strategy: ConvolutionStrategy = check_convolution_strategy(
            strategy, self.operator, self._geometry, in_channels
        )

    @property
    def weight(self) -> torch.Tensor:
        """The dense kernels, ``(out_channels, in_channels // groups, *kernel_size)``."""
        return self.operator.to_dense().reshape(self.out_channels, -1, *self.kernel_size)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(N, in_channels, ...) -> (N, out_channels, ...)``, or the same without ``N``.

        Raises
        ------
        TypeError
            If the input and the operator differ in precision.
        ValueError
            If the input is not of this shape, or too small for its borders.
        """
        bias = self._bias_vector()
        if x.dim() == self.axes + 1:
            return self._evaluation(x[None])(x[None], bias)[0]
        return self._evaluation(x)(x, bias)

    def _evaluation(self, x: torch.Tensor) -> Evaluation:
        """Return the quickest way for images of this size and type."""
        if torch.compiler.is_compiling():
            return self._planned(x)
        key = circumstances(x)
        # By attribute, finding the operator would cost more than finding its plan.
        found = self._plans.find(self._modules["operator"], key)
        return found or self._plans.get(self.operator, key, lambda: self._planned(x))

    def _planned(self, x: torch.Tensor) -> Evaluation:
        if x.dim() != self.axes + 2 or x.shape[1] != self.in_channels:
            sizes = f"{self.in_channels}, {', '.join(self.letters)}"
            raise ValueError(
                f"{type(self).__name__} expects input of shape (N, {sizes}) or ({sizes}), "
                f"got {tuple(x.shape)}"
            )
        dtype = self.operator.dtype or x.dtype
        if dtypes.precision(dtype) != dtypes.precision(x.dtype) and not checks.autocasting(
            x.device
        ):
            raise TypeError(
                f"{type(self).__name__} holds {dtype} numbers, got {x.dtype} input; "
                "convert one of them with .to(...)"
            )
        self._geometry.check(x.shape[2:])
        gradients = torch.is_grad_enabled() and any(p.requires_grad for p in self.parameters())
        arguments = self.operator, self._geometry, self.in_channels, x
        return plan_convolution(*arguments, gradients, self.strategy)

    def explain(
        self,
        batch_size: int,
        image_size: int | Sequence[int],
        gradients: bool | None = None,
    ) -> ConvolutionExplanation:
        """Return the ways to compute a batch, with predicted times, and the one that is taken.

        Parameters
        ----------
        batch_size : int
            Images at a time.
        image_size : int or sequence of int
            Of an image, without its channels.
        gradients : bool, optional
            Whether gradients will be wanted; by default, in training mode.

        Raises
        ------
        TypeError, ValueError
            If a size is not valid.
        """
        batch_size = checks.positive_int("batch_size", batch_size)
        size = checks.size_tuple("image_size", image_size, self.axes)
        self._geometry.check(size)
        gradients = self.training if gradients is None else gradients
        arguments = self.operator, self._geometry, self.in_channels, batch_size, size
        return explain_convolution(*arguments, gradients, self.strategy)

    def to_conv(self) -> nn.Conv1d | nn.Conv2d | nn.Conv3d:
        """Return the plain torch layer with the same kernels and bias."""
        weight = self.weight
        plain = self.plain(
            self.in_channels,
            self.out_channels,
            self.kernel_size,  # pyright: ignore[reportArgumentType]
            self.stride,  # pyright: ignore[reportArgumentType]
            self.padding,  # pyright: ignore[reportArgumentType]
            self.dilation,  # pyright: ignore[reportArgumentType]
            self.groups,
            self.bias is not None,
            self.padding_mode,  # pyright: ignore[reportArgumentType]
            weight.device,
            weight.dtype,
        )
        return self._copy_into(plain)

    def macs(self, positions: int = 1) -> int:
        """Multiply-additions for a number of output positions, in the cheapest planned way."""
        return positions * macs(
            cheapest(self.operator, self.in_channels, self.groups, self.kernel_size)
        )

    def extra_repr(self) -> str:
        """Return the sizes and options, as torch's layer prints them."""
        text = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}, padding={self.padding!r}"
        )
        usual = {"dilation": (1,) * self.axes, "groups": 1, "padding_mode": "zeros"}
        for name, default in usual.items():
            value = getattr(self, name)
            text += "" if value == default else f", {name}={value!r}"
        return text


class Conv1d(Convolution):
    """``torch.nn.Conv1d`` with an operator for its kernel matrix, see `Convolution`."""

    axes, letters, plain = 1, "L", nn.Conv1d


class Conv2d(Convolution):
    """``torch.nn.Conv2d`` with an operator for its kernel matrix, see `Convolution`."""

    axes, letters, plain = 2, "HW", nn.Conv2d

    def pooled_relu(self, x: torch.Tensor) -> torch.Tensor:
        """Return ``relu(max_pool2d(self(x), 2))``, of a batch of real images.

        Raises
        ------
        TypeError, ValueError
            As `forward`.
        """
        return self._evaluation(x).pooled(x, self._bias_vector())


class Conv3d(Convolution):
    """``torch.nn.Conv3d`` with an operator for its kernel matrix, see `Convolution`."""

    axes, letters, plain = 3, "DHW", nn.Conv3d
