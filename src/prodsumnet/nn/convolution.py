"""The convolution layer whose kernel matrix is an operator."""

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from prodsumnet.evaluation import KernelPlan, kernel_stages, plan_kernel
from prodsumnet.nn.bias import bias_vector, match
from prodsumnet.nn.structured import Structured
from prodsumnet.numerics import borders, checks
from prodsumnet.operators import LinearOperator


class Conv2d(Structured):
    r"""``torch.nn.Conv2d`` with an operator for its kernel matrix.

    Parameters
    ----------
    in_channels, out_channels, kernel_size
        As in `torch.nn.Conv2d`.
    operator : LinearOperator
        The kernel matrix, of shape ``(out_channels, in_channels // groups * kernel_height *
        kernel_width)``: row ``o`` is the flattened kernel of output channel ``o``. It is used as it
        is, with the numbers that it has.
    stride, padding, dilation, groups, padding_mode
        As in `torch.nn.Conv2d`; ``padding`` may be 'same' or 'valid'.
    bias : bool or LinearOperator, optional
        True for a vector of ``out_channels`` trainable numbers, starting at zero; an operator of
        shape ``(out_channels, 1)``, used as it is, for a bias with a structure of its own.
    device, dtype
        Of the bias vector; by default the operator's.

    Raises
    ------
    TypeError, ValueError
        If an argument is not valid, or the shape of an operator is another.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        operator: LinearOperator,
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] | str = 0,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        bias: bool | LinearOperator = True,
        padding_mode: Literal["zeros", "circular", "reflect", "replicate"] = "zeros",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        in_channels = checks.positive_int("in_channels", in_channels)
        out_channels = checks.positive_int("out_channels", out_channels)
        groups = checks.positive_int("groups", groups)
        if in_channels % groups or out_channels % groups:
            raise ValueError(
                f"groups must divide in_channels {in_channels} and out_channels {out_channels}, "
                f"got {groups}"
            )
        kernel_size = checks.size_tuple("kernel_size", kernel_size, 2)
        stride = checks.size_tuple("stride", stride, 2)
        dilation = checks.size_tuple("dilation", dilation, 2)
        widths = borders.widths(padding, kernel_size, stride, dilation)
        if padding_mode not in borders.MODES:
            raise ValueError(
                f"padding_mode must be one of {borders.MODES}, got {checks.show(padding_mode)}"
            )
        shape = out_channels, in_channels // groups * math.prod(kernel_size)
        super().__init__(operator, shape, bias, device, dtype)
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride, self.dilation = kernel_size, stride, dilation
        self.padding = padding if isinstance(padding, str) else tuple(a for a, _ in widths)
        self.padding_mode = padding_mode
        self._borders = widths

    @property
    def weight(self) -> torch.Tensor:
        """The dense kernels, ``(out_channels, in_channels // groups, height, width)``."""
        return self.operator.to_dense().reshape(self.out_channels, -1, *self.kernel_size)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(N, in_channels, H, W) -> (N, out_channels, H', W')``, or the same without ``N``.

        Raises
        ------
        TypeError
            If the input and the operator differ in precision.
        ValueError
            If the input is not of this shape, or too small for its borders.
        """
        if x.dim() not in (3, 4) or x.shape[-3] != self.in_channels:
            raise ValueError(
                f"Conv2d expects input of shape (N, {self.in_channels}, H, W) or "
                f"({self.in_channels}, H, W), got {tuple(x.shape)}"
            )
        planned = self._plan(x)
        kernel, mixing = planned.kernels(x)
        if kernel.dtype.to_real() != x.dtype.to_real() and not checks.autocasting(x.device):
            raise TypeError(
                f"Conv2d holds {kernel.dtype} numbers, got {x.dtype} input; "
                "convert one of them with .to(...)"
            )
        x, kernel = checks.unify(x, kernel.unflatten(1, (-1, *self.kernel_size)))
        bias = bias_vector(self.bias)
        y = self._convolve(x, kernel, bias if mixing is None else None, planned.groups)
        if y.dim() == 4:
            # Pooling and mixing are several times faster with the channels innermost.
            y = y.contiguous(memory_format=torch.channels_last)
        if mixing is None:
            return y
        y, mixing = checks.unify(y.movedim(-3, -1), mixing)
        bias = None if bias is None else match(bias, mixing)
        return functional.linear(y, mixing, bias).movedim(-1, -3)

    def _convolve(
        self, x: torch.Tensor, kernel: torch.Tensor, bias: torch.Tensor | None, groups: int
    ) -> torch.Tensor:
        if self.padding_mode == "zeros" and all(a == b for a, b in self._borders):
            padding = tuple(a for a, _ in self._borders)
        else:
            borders.check_mode(self.padding_mode, self._borders, x.shape[-2:])
            x, padding = borders.pad(x, self._borders, self.padding_mode), (0, 0)
        if self.in_channels == 1:
            # With a single channel, memory formats coincide and the slow one is taken: add one.
            x, kernel = (functional.pad(t, (0, 0, 0, 0, 0, 1)) for t in (x, kernel))
            x = x.contiguous(memory_format=torch.channels_last) if x.dim() == 4 else x
        bias = None if bias is None else match(bias, kernel)
        arguments = bias, self.stride, padding, self.dilation, groups
        if groups == 1:
            return functional.conv2d(x, kernel, *arguments)
        # Grouped convolutions have no fast backward in half precision on a CPU.
        with torch.autocast(x.device.type, enabled=False):
            return functional.conv2d(x.to(kernel.dtype), kernel, *arguments)

    def _plan(self, x: torch.Tensor) -> KernelPlan:
        return self._plans.get(
            self.operator,
            (x.dtype, x.device),
            lambda: plan_kernel(self.operator, self.in_channels, self.groups, x.dtype, x.device),
        )

    def to_conv(self) -> nn.Conv2d:
        """Return the plain torch layer with the same kernels and bias."""
        weight = self.weight
        plain = nn.Conv2d(
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
        for name, default in (("dilation", (1, 1)), ("groups", 1), ("padding_mode", "zeros")):
            value = getattr(self, name)
            text += "" if value == default else f", {name}={value!r}"
        return text
