"""Cellular neural networks: cells on a grid that settle under templates."""

import math
import sys
from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from prodsumnet.evaluation.composed import compose
from prodsumnet.nn.bias import bias_vector, make_bias, match
from prodsumnet.numerics import borders, checks
from prodsumnet.operators import Dense, LinearOperator, check_operator

MAX_ITERATIONS = 1000
"""Most steps of one layer: a spec from elsewhere must not keep a machine busy for ever."""


class Cellular(nn.Module):
    r"""A cellular neural network: a grid of cells, each coupled to its neighbours only.

    The states :math:`x` and the outputs :math:`y` of the cells follow

    .. math:: x' = -x + A * y + B * u + z, \quad y = f(x) = (|x + 1| - |x - 1|) / 2,

    with the input :math:`u`, by forward Euler steps :math:`x \leftarrow x + h x'`. The feedback
    template :math:`A` and the control template :math:`B` are the same at every cell, as is the
    threshold :math:`z` (Chua & Yang 1988). For pictures, black is +1 and white is -1.

    Parameters
    ----------
    in_channels : int
        Channels of the input.
    channels : int
        Channels of the states and outputs, the layers of Chua & Yang.
    feedback : LinearOperator, optional
        The templates :math:`A` as a kernel matrix, of shape ``(channels, channels // groups *
        prod(kernel_size))``, used as it is; by default dense and trained. Like a convolution's
        kernels, templates are not flipped.
    control : LinearOperator, optional
        The templates :math:`B`, ``(channels, in_channels // groups * prod(kernel_size))``.
    kernel_size : int or (int, int), optional
        Size of the templates, odd.
    groups : int, optional
        1 for templates between all channels; ``in_channels`` for a pair of templates of its own in
        every channel. As in a grouped convolution.
    bias : bool or LinearOperator, optional
        The thresholds :math:`z`: True for one trainable number for each channel, starting at
        zero; an operator of shape ``(channels, 1)``, used as it is.
    step : float, optional
        Step :math:`h` of the integration, above zero and at most one.
    iterations : int, optional
        Number of steps.
    boundary : float or {'circular', 'replicate'}, optional
        What lies around the grid, of the inputs and of the outputs: cells of that fixed value, the
        grid itself repeated, or copies of the nearest cells, so that nothing flows across (the
        boundary conditions of Dirichlet, periodic, and of Neumann).
    initial : float or 'input', optional
        The states at the start: all of that value, or the input, which needs as many channels.
    returns : {'output', 'state'}, optional
        Whether to give :math:`y` or :math:`x` after the last step.
    device, dtype
        Of the bias vector and of templates that are not given; by default those given decide.

    Raises
    ------
    TypeError, ValueError
        If an argument is not valid, or the shape of an operator is another.

    Notes
    -----
    With the centre of :math:`A` above one, a network settles at outputs of +1 and -1 only, and
    it settles if :math:`A` is symmetric and the steps are small. States are bounded by
    :math:`1 + |z| + \max |u| \sum |B| + \sum |A|` if they start within one (Chua & Yang 1988).
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        feedback: LinearOperator | None = None,
        control: LinearOperator | None = None,
        kernel_size: int | tuple[int, int] = 3,
        groups: int = 1,
        bias: bool | LinearOperator = True,
        step: float = 0.5,
        iterations: int = 10,
        boundary: float | Literal["circular", "replicate"] = 0.0,
        initial: float | Literal["input"] = 0.0,
        returns: Literal["output", "state"] = "output",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.in_channels = checks.positive_int("in_channels", in_channels)
        self.channels = checks.positive_int("channels", channels)
        self.groups = checks.positive_int("groups", groups)
        if self.in_channels % self.groups or self.channels % self.groups:
            raise ValueError(
                f"groups must divide in_channels {in_channels} and channels {channels}, "
                f"got {groups}"
            )
        self.kernel_size = checks.size_tuple("kernel_size", kernel_size, 2)
        if not all(length % 2 for length in self.kernel_size):
            raise ValueError(f"kernel_size must be odd, got {checks.show(kernel_size)}")
        given = [operator for operator in (feedback, control) if operator is not None]
        for operator in given:
            check_operator(operator)
        held = next((number for operator in given for number in operator.parameters()), None)
        if held is not None:
            device, dtype = held.device if device is None else device, dtype or held.dtype
        if checks.numeric_dtype(dtype).is_complex or any(_is_complex(part) for part in given):
            raise TypeError("the states of a cellular network are real, got complex templates")
        self.feedback = self._templates("feedback", feedback, self.channels, device, dtype)
        self.control = self._templates("control", control, self.in_channels, device, dtype)
        self.bias = make_bias(bias, self.channels, device, dtype)
        self.step = _finite("step", step)
        if not 0 < self.step <= 1:
            raise ValueError(f"step must be above 0 and at most 1, got {checks.show(step)}")
        self.iterations = checks.positive_int("iterations", iterations, MAX_ITERATIONS)
        self.boundary = _number_or_word("boundary", boundary, "circular", "replicate")
        self.initial = _number_or_word("initial", initial, "input")
        if self.initial == "input" and self.in_channels != self.channels:
            raise ValueError(
                "initial states from the input need as many channels as it has: "
                f"in_channels is {in_channels}, channels {channels}"
            )
        if returns not in ("output", "state"):
            raise ValueError(f"returns must be 'output' or 'state', got {checks.show(returns)}")
        self.returns = returns
        self._borders = tuple((length // 2, length // 2) for length in self.kernel_size)

    def _templates(
        self,
        name: str,
        operator: LinearOperator | None,
        channels: int,
        device: torch.device | str | None,
        dtype: torch.dtype | None,
    ) -> LinearOperator:
        shape = self.channels, channels // self.groups * math.prod(self.kernel_size)
        if operator is None:
            return Dense(*shape, device=device, dtype=dtype)
        if operator.shape != shape:
            raise ValueError(
                f"the {name} templates need an operator of shape {shape}, "
                f"got {operator.shape}: {operator!r}"
            )
        return operator

    def forward(self, u: torch.Tensor) -> torch.Tensor:
        """``(N, in_channels, H, W) -> (N, channels, H, W)``, or the same without ``N``.

        Raises
        ------
        TypeError
            If the input is not real, or it and the templates differ in precision.
        ValueError
            If the input is not of this shape, or too small for a circular boundary.
        """
        if u.dim() not in (3, 4) or u.shape[-3] != self.in_channels:
            raise ValueError(
                f"Cellular expects input of shape (N, {self.in_channels}, H, W) or "
                f"({self.in_channels}, H, W), got {tuple(u.shape)}"
            )
        feedback, control = (
            compose(part, u.dtype, u.device).unflatten(1, (-1, *self.kernel_size))
            for part in (self.feedback, self.control)
        )
        for numbers in (feedback, control):
            if numbers.dtype != u.dtype and not checks.autocasting(u.device):
                raise TypeError(
                    f"Cellular holds {numbers.dtype} numbers, got {u.dtype} input; "
                    "convert one of them with .to(...)"
                )
        drive, bias = self._convolve(u, control), bias_vector(self.bias)
        if bias is not None:
            drive = drive + match(bias, drive).view(-1, 1, 1)
        x = u if isinstance(self.initial, str) else torch.full_like(drive, self.initial)
        # Of an empty batch, which asks for shapes only, one step tells them.
        for _ in range(self.iterations if u.numel() else 1):
            x = x + self.step * (self._convolve(x.clamp(-1, 1), feedback) + drive - x)
        return x if self.returns == "state" else x.clamp(-1, 1)

    def _convolve(self, images: torch.Tensor, templates: torch.Tensor) -> torch.Tensor:
        if isinstance(self.boundary, str):
            borders.check_mode(self.boundary, self._borders, images.shape[-2:])
            images = borders.pad(images, self._borders, self.boundary)
        else:
            rows, columns = (border[0] for border in self._borders)
            images = functional.pad(images, (columns, columns, rows, rows), value=self.boundary)
        return functional.conv2d(images, templates, groups=self.groups)

    def reset_parameters(self, gain: float = 1.0) -> None:
        """Draw new templates: unit-variance input gives variance ``gain**2``, biases apart."""
        self.feedback.reset_parameters(gain)
        self.control.reset_parameters(gain)

    def macs(self, positions: int = 1) -> int:
        """Multiply-additions for a number of cells of all channels, over all steps."""
        templates = math.prod(self.control.shape)
        return positions * (templates + self.iterations * math.prod(self.feedback.shape))

    def extra_repr(self) -> str:
        """Return the sizes, and how the network is run."""
        return (
            f"{self.in_channels}, {self.channels}, kernel_size={self.kernel_size}, "
            f"groups={self.groups}, step={self.step:g}, iterations={self.iterations}, "
            f"boundary={self.boundary!r}, initial={self.initial!r}, returns={self.returns!r}"
        )


def _is_complex(operator: LinearOperator) -> bool:
    return operator.dtype is not None and operator.dtype.is_complex


def _finite(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a real number, got {checks.show(value)}")
    # Beyond the range of a float an integer is as unusable as infinity.
    if not abs(value) <= sys.float_info.max:
        raise ValueError(f"{name} must be finite, got {checks.show(value)}")
    return float(value)


def _number_or_word(name: str, value: object, *words: str) -> float | str:
    if isinstance(value, str):
        if value not in words:
            raise ValueError(f"{name} must be a number or one of {words}, got {checks.show(value)}")
        return value
    return _finite(name, value)
