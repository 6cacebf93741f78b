"""Two-dimensional convolution as an operator on the flattened image."""

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch.nn import functional

from prodsumnet.numerics import borders, checks
from prodsumnet.operators.base import LinearOperator, check_operator
from prodsumnet.operators.cost import Cost


class Convolution2d(LinearOperator, kind="convolution-2d"):
    r"""The convolution layer's map from flattened image to flattened image.

    It is linear in the kernel, which is itself an operator: its matrix, of shape
    ``(out_channels, in_channels // groups * kernel_height * kernel_width)``, holds the kernels as
    torch flattens them, and may be any expression.

    Parameters
    ----------
    kernel : LinearOperator
        The kernel matrix.
    input_size : (int, int)
        Height and width of the image.
    kernel_size, stride, dilation : int or (int, int)
        As in `torch.nn.Conv2d`.
    padding : int, (int, int), 'same' or 'valid'
        As in `torch.nn.Conv2d`.
    groups : int
        As in `torch.nn.Conv2d`.
    padding_mode : {'zeros', 'circular', 'reflect', 'replicate'}
        As in `torch.nn.Conv2d`.

    Raises
    ------
    ValueError
        If the sizes do not fit each other.

    Notes
    -----
    :math:`A = \sum_k \theta_k S_k` with shifts :math:`S_k` (LeCun et al. 1998); features are
    ordered (channel, row, column).
    """

    def __init__(
        self,
        kernel: LinearOperator,
        input_size: Sequence[int],
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] | Literal["same", "valid"] = 0,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        padding_mode: str = "zeros",
    ) -> None:
        check_operator(kernel)
        height, width = checks.size_tuple("input_size", input_size, 2)
        kernel_size = checks.size_tuple("kernel_size", kernel_size, 2)
        stride = checks.size_tuple("stride", stride, 2)
        dilation = checks.size_tuple("dilation", dilation, 2)
        groups = checks.positive_int("groups", groups)
        taps = math.prod(kernel_size)
        if kernel.in_features % taps or kernel.out_features % groups:
            raise ValueError(
                f"a kernel matrix of shape {kernel.shape} does not fit kernel_size {kernel_size} "
                f"and {groups} groups"
            )
        widths = borders.widths(padding, kernel_size, stride, dilation)
        borders.check_mode(padding_mode, widths, (height, width))
        sizes = [
            (size + sum(border) - step * (length - 1) - 1) // jump + 1
            for size, border, length, step, jump in zip(
                (height, width), widths, kernel_size, dilation, stride, strict=True
            )
        ]
        if min(sizes) < 1:
            raise ValueError(
                f"kernel_size {kernel_size} with dilation {dilation} exceeds the padded input "
                f"of {height}×{width}"
            )
        in_channels = kernel.in_features // taps * groups
        super().__init__(kernel.out_features * math.prod(sizes), in_channels * height * width)
        self.kernel = kernel
        self.input_size, self.output_size = (height, width), (sizes[0], sizes[1])
        self.kernel_size, self.stride, self.dilation = kernel_size, stride, dilation
        # As it was asked for, since that is what the spec says, but in plain integers.
        given = padding if isinstance(padding, str) else checks.size_tuple("padding", padding, 2, 0)
        self.padding, self.groups, self.padding_mode = given, groups, padding_mode
        self.in_channels, self.out_channels = in_channels, kernel.out_features
        self._widths = widths

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
        y = functional.conv2d(images, weight, None, self.stride, 0, self.dilation, self.groups)
        return y.reshape(*x.shape[:-1], self.out_features)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        y, weight = checks.unify(y, self._weight(y))
        leftover = [
            (size + sum(border) - step * (length - 1) - 1) % jump
            for size, border, length, step, jump in zip(
                self.input_size,
                self._widths,
                self.kernel_size,
                self.dilation,
                self.stride,
                strict=True,
            )
        ]
        images = functional.conv_transpose2d(
            y.reshape(math.prod(y.shape[:-1]), self.out_channels, *self.output_size),
            weight.conj().resolve_conj(),
            None,
            self.stride,
            0,
            leftover,
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
        rows, columns = self.kernel_size
        return f"Conv{rows}×{columns}[{self.kernel._symbol()}]"

    def _cost(self, batch: int) -> Cost:
        taps = self.in_channels // self.groups * math.prod(self.kernel_size)
        return Cost.elementwise(
            batch * self.in_features + self.kernel.out_features * taps,
            batch * self.out_features,
            2 * batch * self.out_features * taps,
        )
