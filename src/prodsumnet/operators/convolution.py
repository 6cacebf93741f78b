"""Convolutions in one, two and three dimensions as operators on the flattened input."""

import math
from collections.abc import Callable, Sequence
from typing import ClassVar, Literal

import torch
from torch.nn import functional

from prodsumnet.numerics import borders, checks
from prodsumnet.operators.base import LinearOperator, check_operator
from prodsumnet.operators.cost import Cost


class Convolution(LinearOperator):
    r"""A convolution layer's map from flattened input to flattened output, in any dimension.

    It is linear in the kernel, which is itself an operator: its matrix, of shape
    ``(out_channels, in_channels // groups * prod(kernel_size))``, holds the kernels as torch
    flattens them, and may be any expression. A subclass says how many axes there are, and which of
    torch's functions convolve them.

    Parameters
    ----------
    kernel : LinearOperator
        The kernel matrix.
    input_size : sequence of int
        Lengths of the input's axes, channels apart.
    kernel_size, stride, dilation : int or sequence of int
        As in torch's layer of that dimension.
    padding : int, sequence of int, 'same' or 'valid'
        As in torch's layer.
    groups : int
        As in torch's layer.
    padding_mode : {'zeros', 'circular', 'reflect', 'replicate'}
        As in torch's layer.

    Raises
    ------
    ValueError
        If the sizes do not fit each other.

    Notes
    -----
    :math:`A = \sum_k \theta_k S_k` with shifts :math:`S_k` (LeCun et al. 1998); features are
    ordered (channel, position), positions row by row.
    """

    axes: ClassVar[int]
    _convolve: ClassVar[Callable[..., torch.Tensor]]
    _convolve_transposed: ClassVar[Callable[..., torch.Tensor]]

    def __init__(
        self,
        kernel: LinearOperator,
        input_size: int | Sequence[int],
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] | Literal["same", "valid"] = 0,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        padding_mode: str = "zeros",
    ) -> None:
        check_operator(kernel)
        axes = self.axes
        input_size = checks.size_tuple("input_size", input_size, axes)
        kernel_size = checks.size_tuple("kernel_size", kernel_size, axes)
        stride = checks.size_tuple("stride", stride, axes)
        dilation = checks.size_tuple("dilation", dilation, axes)
        groups = checks.positive_int("groups", groups)
        taps = math.prod(kernel_size)
        if kernel.in_features % taps or kernel.out_features % groups:
            raise ValueError(
                f"a kernel matrix of shape {kernel.shape} does not fit kernel_size {kernel_size} "
                f"and {groups} groups"
            )
        widths = borders.widths(padding, kernel_size, stride, dilation)
        borders.check_mode(padding_mode, widths, input_size)
        # How far the first window can move along each axis before it leaves the padded input.
        travels = [
            size + sum(border) - step * (length - 1) - 1
            for size, border, length, step in zip(
                input_size, widths, kernel_size, dilation, strict=True
            )
        ]
        if min(travels) < 0:
            raise ValueError(
                f"kernel_size {kernel_size} with dilation {dilation} exceeds the padded input "
                f"of {'×'.join(map(str, input_size))}"
            )
        positions = tuple(room // jump + 1 for room, jump in zip(travels, stride, strict=True))
        in_channels = kernel.in_features // taps * groups
        super().__init__(
            kernel.out_features * math.prod(positions), in_channels * math.prod(input_size)
        )
        self.kernel = kernel
        self.input_size, self.output_size = input_size, positions
        self.kernel_size, self.stride, self.dilation = kernel_size, stride, dilation
        # As it was asked for, since that is what the spec says, but in plain integers.
        given = padding
        if not isinstance(padding, str):
            given = checks.size_tuple("padding", padding, axes, 0)
        self.padding, self.groups, self.padding_mode = given, groups, padding_mode
        self.in_channels, self.out_channels = in_channels, kernel.out_features
        self._widths = widths
        self._leftover = [room % jump for room, jump in zip(travels, stride, strict=True)]

    def _weight(self, x: torch.Tensor) -> torch.Tensor:
        dense = self.kernel._to_dense(self.kernel.dtype or x.dtype, x.device)
        return dense.reshape(self.out_channels, self.in_channels // self.groups, *self.kernel_size)

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        x, weight = checks.unify(x, self._weight(x))
        images = borders.pad(
            x.reshape(math.prod(x.shape[:-1]), self.in_channels, *self.input_size),
            self._widths,
            self.padding_mode,
        )
        y = self._convolve(images, weight, None, self.stride, 0, self.dilation, self.groups)
        return y.reshape(*x.shape[:-1], self.out_features)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        y, weight = checks.unify(y, self._weight(y))
        images = self._convolve_transposed(
            y.reshape(math.prod(y.shape[:-1]), self.out_channels, *self.output_size),
            weight.conj().resolve_conj(),
            None,
            self.stride,
            0,
            self._leftover,
            self.groups,
            self.dilation,
        )
        images = borders.fold(images, self._widths, self.padding_mode)
        return images.reshape(*y.shape[:-1], self.in_features)

    def _reset(self, gain: float) -> None:
        self.kernel.reset_parameters(gain)

    def _rescalable(self) -> bool:
        return self.kernel._rescalable()

    def _rescale(self, factor: float) -> None:
        self.kernel._rescale(factor)

    def _symbol(self) -> str:
        return f"Conv{'×'.join(map(str, self.kernel_size))}[{self.kernel._symbol()}]"

    def _cost(self, batch: int) -> Cost:
        taps = self.in_channels // self.groups * math.prod(self.kernel_size)
        return Cost.elementwise(
            batch * self.in_features + self.kernel.out_features * taps,
            batch * self.out_features,
            2 * batch * self.out_features * taps,
        )


class Convolution1d(Convolution, kind="convolution-1d"):
    """`Convolution` of sequences: the operator of `torch.nn.Conv1d`."""

    axes = 1
    _convolve = staticmethod(functional.conv1d)
    _convolve_transposed = staticmethod(functional.conv_transpose1d)


class Convolution2d(Convolution, kind="convolution-2d"):
    """`Convolution` of images: the operator of `torch.nn.Conv2d`."""

    axes = 2
    _convolve = staticmethod(functional.conv2d)
    _convolve_transposed = staticmethod(functional.conv_transpose2d)


class Convolution3d(Convolution, kind="convolution-3d"):
    """`Convolution` of volumes: the operator of `torch.nn.Conv3d`."""

    axes = 3
    _convolve = staticmethod(functional.conv3d)
    _convolve_transposed = staticmethod(functional.conv_transpose3d)
