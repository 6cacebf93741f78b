"""The convolution layer whose kernel matrix is an operator."""

import math
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from prodsumnet.evaluation import KernelPlan, plan_kernel
from prodsumnet.nn.bias import bias_vector, copy_into, make_bias
from prodsumnet.numerics import borders, checks
from prodsumnet.operators import LinearOperator, check_operator


class Conv2d(nn.Module):
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
        shape ``(out_channels, 1)`` for a bias with a structure of its own.
    device, dtype
        Of the bias vector.

    Raises
    ------
    TypeError, ValueError
        If an argument is not valid, or the operator's shape is another.
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
        padding_mode: str = "zeros",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.in_channels = checks.positive_int("in_channels", in_channels)
        self.out_channels = checks.positive_int("out_channels", out_channels)
        self.groups = checks.positive_int("groups", groups)
        if self.in_channels % self.groups or self.out_channels % self.groups:
            raise ValueError(
                f"groups must divide in_channels {in_channels} and out_channels {out_channels}, "
                f"got {groups}"
            )
        self.kernel_size = checks.size_tuple("kernel_size", kernel_size, 2)
        self.stride = checks.size_tuple("stride", stride, 2)
        self.dilation = checks.size_tuple("dilation", dilation, 2)
        self.padding, self.padding_mode = padding, padding_mode
        self._borders = borders.widths(padding, self.kernel_size, self.stride, self.dilation)
        if padding_mode not in borders.MODES:
            raise ValueError(f"padding_mode must be one of {borders.MODES}, got {padding_mode!r}")
        taps = math.prod(self.kernel_size)
        shape = (self.out_channels, self.in_channels // self.groups * taps)
        if check_operator(operator).shape != shape:
            raise ValueError(
                f"the kernel matrix of this layer has shape {shape}, got {operator.shape}: {operator!r}"
            )
        self.operator = operator
        self.bias = make_bias(bias, self.out_channels, device, dtype)
        self._plans: dict[tuple[torch.dtype, torch.device], KernelPlan] = {}

    @property
    def weight(self) -> torch.Tensor:
        """The dense kernels, ``(out_channels, in_channels // groups, height, width)``."""
        return self.operator.to_dense().reshape(self.out_channels, -1, *self.kernel_size)

    def reset_parameters(self, gain: float = 1.0) -> None:
        """Draw new numbers: unit-variance input gives variance ``gain**2``, biases apart."""
        self.operator.reset_parameters(gain)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(N, in_channels, H, W) -> (N, out_channels, H', W')``, or the same without ``N``."""
        if x.dim() not in (3, 4) or x.shape[-3] != self.in_channels:
            raise ValueError(
                f"Conv2d expects input of shape (N, {self.in_channels}, H, W) or "
                f"({self.in_channels}, H, W), got {tuple(x.shape)}"
            )
        if self.padding_mode == "zeros" and all(a == b for a, b in self._borders):
            padding = tuple(a for a, _ in self._borders)
        else:
            borders.check_mode(self.padding_mode, self._borders, x.shape[-2:])
            x, padding = borders.pad(x, self._borders, self.padding_mode), (0, 0)
        plan = self._plan(x.dtype, x.device)
        kernel, mixing = plan.kernels(x.device)
        kernel, bias = kernel.unflatten(1, (-1, *self.kernel_size)), bias_vector(self.bias)
        first_bias = bias if mixing is None else None
        arguments = self.stride, padding, self.dilation, plan.groups
        if self.in_channels == 1:
            # With a single channel, memory formats coincide and the slow one is taken: add one.
            x, kernel = (functional.pad(t, (0, 0, 0, 0, 0, 1)) for t in (x, kernel))
            x = x.contiguous(memory_format=torch.channels_last) if x.dim() == 4 else x
        if plan.groups == 1:
            y = functional.conv2d(x, kernel, first_bias, *arguments)
        else:
            # Grouped convolutions have no fast backward in half precision on a CPU.
            with torch.autocast(x.device.type, enabled=False):
                y = functional.conv2d(x.to(kernel.dtype), kernel, first_bias, *arguments)
        if y.dim() == 4:
            # Pooling and mixing are several times faster with the channels innermost.
            y = y.contiguous(memory_format=torch.channels_last)
        if mixing is None:
            return y
        return functional.linear(y.movedim(-3, -1), mixing, bias).movedim(-1, -3)

    def _plan(self, dtype: torch.dtype, device: torch.device) -> KernelPlan:
        """Return the way to compute the layer; a cache of few entries, never state."""
        if (dtype, device) not in self._plans:
            self._plans[dtype, device] = plan_kernel(
                self.operator, self.in_channels, self.groups, dtype, device
            )
        return self._plans[dtype, device]

    def to_conv(self) -> nn.Conv2d:
        """Return the plain torch layer with the same kernels and bias."""
        weight, bias = self.weight.detach(), bias_vector(self.bias)
        plain = nn.Conv2d(
            self.in_channels,
            self.out_channels,
            self.kernel_size,  # pyright: ignore[reportArgumentType]
            self.stride,  # pyright: ignore[reportArgumentType]
            self.padding,  # pyright: ignore[reportArgumentType]
            self.dilation,  # pyright: ignore[reportArgumentType]
            self.groups,
            bias is not None,
            self.padding_mode,
            weight.device,
            weight.dtype,
        )
        return copy_into(plain, weight, bias)

    def macs(self, positions: int) -> int:
        """Multiply-additions for a number of output positions, in the cheapest planned way."""
        return positions * self._plan(torch.float32, torch.device("cpu")).macs

    def extra_repr(self) -> str:
        """Sizes, as torch's layer prints them."""
        return (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}, padding={self.padding!r}"
        )
