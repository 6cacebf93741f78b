"""Cases of Convolution2d, and what those of one and three dimensions share with them.

The oracle is torch's own layer applied to every unit image.
"""

import math
import warnings

import numpy as np
import torch
from tests.contract.case import Case, Misuse, Numbers
from tests.oracles.random_signs import matrix as random_signs

from prodsumnet.operators import Convolution2d, Dense, LinearOperator, LowRank, RandomSigns, kron

LAYERS = {1: torch.nn.Conv1d, 2: torch.nn.Conv2d, 3: torch.nn.Conv3d}


def matrix(kernel: np.ndarray, input_size: tuple[int, ...], **options: object) -> np.ndarray:
    """The dense matrix of torch's layer with a kernel matrix as its weight."""
    options = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, **options}
    axes, size = len(input_size), options.pop("kernel_size")
    taps = size**axes if isinstance(size, int) else math.prod(size)
    channels = kernel.shape[1] // taps * options["groups"]
    weight = torch.from_numpy(np.ascontiguousarray(kernel))
    layer = LAYERS[axes](channels, kernel.shape[0], size, bias=False, dtype=weight.dtype, **options)
    features = channels * math.prod(input_size)
    units = torch.eye(features, dtype=weight.dtype).reshape(features, channels, *input_size)
    with torch.no_grad(), warnings.catch_warnings():
        # torch says that 'same' with an even kernel copies its input.
        warnings.filterwarnings("ignore", "Using padding='same'", UserWarning)
        layer.weight.copy_(weight.reshape(layer.weight.shape))
        return layer(units).reshape(features, -1).T.numpy()


def case(
    kind: type[LinearOperator],
    out: int,
    columns: int,
    size: tuple[int, ...],
    errors: tuple[Misuse, ...],
    dtype: torch.dtype = torch.float64,
    **options: object,
) -> Case:
    """A convolution of one of the three kinds with a dense kernel matrix."""
    name = "-".join(f"{key}={value}" for key, value in options.items()).replace(" ", "")
    return Case(
        id=f"{out}-{columns}-{'x'.join(map(str, size))}-{name}-{dtype}",
        build=lambda: kind(Dense(out, columns, dtype=dtype), size, **options),
        oracle=lambda numbers: matrix(numbers["kernel.weight"], size, **options),
        trainable=out * columns * (2 if dtype.is_complex else 1),
        errors=errors,
    )


def _case(
    out: int, columns: int, size: tuple[int, int], dtype: torch.dtype = torch.float64, **options
) -> Case:
    return case(Convolution2d, out, columns, size, ERRORS, dtype, **options)


def _conv(columns: int = 9, size: object = (5, 4), kernel_size: object = 3, **options):
    return Convolution2d(Dense(2, columns), size, kernel_size, **options)


ERRORS = (
    (lambda: _conv(columns=10), ValueError, r"shape \(2, 10\) does not fit kernel_size \(3, 3\)"),
    (lambda: _conv(groups=3), ValueError, "3 groups"),
    (lambda: _conv(size=(2, 9)), ValueError, "exceeds the padded input of 2×9"),
    (lambda: _conv(dilation=2), ValueError, r"dilation \(2, 2\) exceeds the padded input of 5×4"),
    (lambda: _conv(padding=-1), ValueError, "padding must lie between 0"),
    (lambda: _conv(padding="half"), ValueError, "'same' or 'valid', got 'half'"),
    (lambda: _conv(padding="same", stride=2), ValueError, "'same' needs stride 1"),
    (lambda: _conv(padding_mode="mirror"), ValueError, "padding_mode must be one of"),
    (lambda: _conv(padding=5, padding_mode="circular"), ValueError, "circular padding of 5"),
    (lambda: _conv(padding=4, padding_mode="reflect"), ValueError, "reflect padding of 4"),
    (lambda: _conv(stride=0), ValueError, "stride must lie between 1"),
    (lambda: _conv(stride=(1, 2, 3)), ValueError, "stride must be an integer or 2 integers"),
    (lambda: _conv(size=(5.0, 4)), TypeError, "input_size must be an integer"),
    (lambda: _conv(padding=True), TypeError, "padding must be an integer, got True"),
    (lambda: Convolution2d(3, (5, 5), 3), TypeError, "expected a LinearOperator, got int"),
)


def _nested(numbers: Numbers) -> np.ndarray:
    kernel = np.kron(numbers["kernel.factors.0.weight"], numbers["kernel.factors.1.weight"])
    return matrix(kernel, (3, 4), kernel_size=2, padding=1)


CASES = [
    _case(2, 9, (5, 4), kernel_size=3),
    _case(2, 18, (5, 4), kernel_size=3, padding=1),
    _case(2, 4, (3, 4), kernel_size=2, padding="same"),
    _case(2, 6, (4, 5), kernel_size=(3, 2), padding="valid"),
    _case(2, 9, (4, 5), kernel_size=3, stride=2, padding=1),
    _case(1, 4, (5, 4), kernel_size=2, stride=(2, 3), padding=(1, 2), dilation=(2, 1)),
    _case(4, 4, (3, 3), kernel_size=2, groups=2, padding=1),
    _case(2, 8, (3, 4), kernel_size=2, groups=2, stride=2),
    _case(1, 9, (4, 3), kernel_size=3, padding="same", padding_mode="circular"),
    _case(1, 9, (4, 5), kernel_size=3, padding=(2, 1), padding_mode="reflect", dilation=(2, 1)),
    _case(2, 6, (3, 4), kernel_size=(2, 3), padding=2, padding_mode="replicate", stride=(2, 3)),
    _case(2, 4, (3, 4), kernel_size=2, padding="same", dilation=2, padding_mode="circular"),
    _case(1, 1, (1, 1), kernel_size=1),
    _case(2, 8, (3, 3), torch.complex128, kernel_size=2, padding=1, stride=2),
    _case(2, 4, (3, 4), torch.complex128, kernel_size=2, padding="same", padding_mode="reflect"),
    Case(
        id="kronecker-kernel",
        build=lambda: Convolution2d(
            kron(Dense(2, 2), Dense(1, 4)).double(), (3, 4), 2, padding=[1, 1]
        ),
        oracle=_nested,
        trainable=8,
        linear=False,
    ),
    Case(
        id="low-rank-kernel",
        build=lambda: Convolution2d(LowRank(3, 8, 2).double(), (3, 2), 2),
        oracle=lambda n: matrix(
            n["kernel.factors.0.weight"] @ n["kernel.factors.1.weight"], (3, 2), kernel_size=2
        ),
        trainable=22,
        linear=False,
    ),
    Case(
        id="fixed-kernel",
        build=lambda: Convolution2d(RandomSigns(2, 4, seed=6), (3, 3), 2),
        oracle=lambda n: matrix(random_signs(2, 4, 6), (3, 3), kernel_size=2),
        trainable=0,
    ),
]
