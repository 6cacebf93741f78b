"""Convolution layers whose kernel matrix is an operator, in one, two and three dimensions."""

import math
from collections.abc import Callable, Sequence
from typing import ClassVar, Literal

import torch
from torch import nn
from torch.nn import functional

from prodsumnet.evaluation import KernelPlan, kernel_stages, plan_kernel
from prodsumnet.nn.bias import bias_vector, match
from prodsumnet.nn.structured import Structured
from prodsumnet.numerics import borders, checks
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

    Raises
    ------
    TypeError, ValueError
        If an argument is not valid, or the shape of an operator is another.
    """

    axes: ClassVar[int]
    letters: ClassVar[str]
    plain: ClassVar[type[nn.Conv1d | nn.Conv2d | nn.Conv3d]]
    _function: ClassVar[Callable[..., torch.Tensor]]
    _memory_format: ClassVar[torch.memory_format | None]

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
        self._borders = widths

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
        channel = -1 - self.axes
        if x.dim() - self.axes not in (1, 2) or x.shape[channel] != self.in_channels:
            sizes = f"{self.in_channels}, {', '.join(self.letters)}"
            raise ValueError(
                f"{type(self).__name__} expects input of shape (N, {sizes}) or ({sizes}), "
                f"got {tuple(x.shape)}"
            )
        planned = self._plan(x)
        kernel, mixing = planned.kernels(x)
        if kernel.dtype.to_real() != x.dtype.to_real() and not checks.autocasting(x.device):
            raise TypeError(
                f"{type(self).__name__} holds {kernel.dtype} numbers, got {x.dtype} input; "
                "convert one of them with .to(...)"
            )
        x, kernel = checks.unify(x, kernel.unflatten(1, (-1, *self.kernel_size)))
        bias = bias_vector(self.bias)
        y = self._convolve(x, kernel, bias if mixing is None else None, planned.groups)
        # Pooling and mixing are several times faster with the channels innermost.
        y = self._channels_innermost(y)
        if mixing is None:
            return y
        y, mixing = checks.unify(y.movedim(channel, -1), mixing)
        bias = None if bias is None else match(bias, mixing)
        return functional.linear(y, mixing, bias).movedim(-1, channel)

    def _channels_innermost(self, images: torch.Tensor) -> torch.Tensor:
        if self._memory_format is None or images.dim() != self.axes + 2:
            return images
        return images.contiguous(memory_format=self._memory_format)

    def _convolve(
        self, x: torch.Tensor, kernel: torch.Tensor, bias: torch.Tensor | None, groups: int
    ) -> torch.Tensor:
        if self.padding_mode == "zeros" and all(a == b for a, b in self._borders):
            padding = tuple(a for a, _ in self._borders)
        else:
            borders.check_mode(self.padding_mode, self._borders, x.shape[-self.axes :])
            x, padding = borders.pad(x, self._borders, self.padding_mode), (0,) * self.axes
        if self.in_channels == 1 and self._memory_format is not None:
            # With a single channel, memory formats coincide and the slow one is taken: add one.
            x, kernel = (functional.pad(t, (*(0, 0) * self.axes, 0, 1)) for t in (x, kernel))
            x = self._channels_innermost(x)
        bias = None if bias is None else match(bias, kernel)
        arguments = bias, self.stride, padding, self.dilation, groups
        if groups == 1:
            return self._function(x, kernel, *arguments)
        # Grouped convolutions have no fast backward in half precision on a CPU.
        with torch.autocast(x.device.type, enabled=False):
            return self._function(x.to(kernel.dtype), kernel, *arguments)

    def _plan(self, x: torch.Tensor) -> KernelPlan:
        return self._plans.get(
            self.operator,
            (x.dtype, x.device),
            lambda: plan_kernel(self.operator, self.in_channels, self.groups, x.dtype, x.device),
        )

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
        return positions * kernel_stages(self.operator, self.in_channels, self.groups).macs

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
    _function, _memory_format = staticmethod(functional.conv1d), None


class Conv2d(Convolution):
    """``torch.nn.Conv2d`` with an operator for its kernel matrix, see `Convolution`."""

    axes, letters, plain = 2, "HW", nn.Conv2d
    _function, _memory_format = staticmethod(functional.conv2d), torch.channels_last


class Conv3d(Convolution):
    """``torch.nn.Conv3d`` with an operator for its kernel matrix, see `Convolution`."""

    axes, letters, plain = 3, "DHW", nn.Conv3d
    _function, _memory_format = staticmethod(functional.conv3d), torch.channels_last_3d
