"""Cases of Convolution3d: torch.nn.Conv3d applied to every unit volume."""

import torch
from tests.contract.case import Case
from tests.oracles.convolution_2d import case, matrix

from prodsumnet.operators import Dense, LowRank
from prodsumnet.operators.convolution import Convolution3d


def _conv(columns: int = 8, size: object = (3, 2, 2), kernel_size: object = 2, **options):
    return Convolution3d(Dense(2, columns), size, kernel_size, **options)


ERRORS = (
    (lambda: _conv(columns=9), ValueError, r"shape \(2, 9\) does not fit kernel_size \(2, 2, 2\)"),
    (lambda: _conv(size=(3, 1, 2)), ValueError, "exceeds the padded input of 3×1×2"),
    (lambda: _conv(size=(3, 2)), ValueError, "input_size must be an integer or 3 integers"),
    (lambda: _conv(stride=(1, 2)), ValueError, "stride must be an integer or 3 integers"),
    (lambda: _conv(padding="same", stride=2), ValueError, "'same' needs stride 1"),
    (lambda: _conv(padding=3, padding_mode="circular"), ValueError, "circular padding of 3"),
    (lambda: Convolution3d(3, (2, 2, 2), 2), TypeError, "expected a LinearOperator, got int"),
)


def _case(
    out: int,
    columns: int,
    size: tuple[int, int, int],
    dtype: torch.dtype = torch.float64,
    **options,
) -> Case:
    return case(Convolution3d, out, columns, size, ERRORS, dtype, **options)


CASES = [
    _case(2, 8, (3, 2, 3), kernel_size=2),
    _case(1, 12, (3, 2, 2), kernel_size=(3, 2, 1), padding=(1, 0, 1)),
    _case(1, 4, (2, 3, 2), kernel_size=(1, 2, 2), padding="same"),
    _case(1, 4, (3, 3, 2), kernel_size=(2, 2, 1), stride=(2, 1, 2), dilation=(1, 2, 1), padding=1),
    _case(2, 2, (2, 2, 2), kernel_size=(2, 1, 1), groups=2),
    _case(1, 8, (2, 2, 3), kernel_size=2, padding="same", padding_mode="circular"),
    _case(1, 6, (3, 2, 2), kernel_size=(3, 1, 2), padding=(2, 1, 1), padding_mode="reflect"),
    _case(1, 3, (2, 2, 1), kernel_size=(1, 3, 1), padding=1, padding_mode="replicate", stride=2),
    _case(1, 1, (1, 1, 1), kernel_size=1),
    _case(1, 4, (2, 2, 2), torch.complex128, kernel_size=(1, 2, 2), padding=1, stride=2),
    Case(
        id="low-rank-kernel",
        build=lambda: Convolution3d(LowRank(3, 8, 2).double(), (3, 2, 2), 2),
        oracle=lambda n: matrix(
            n["kernel.factors.0.weight"] @ n["kernel.factors.1.weight"], (3, 2, 2), kernel_size=2
        ),
        trainable=22,
        linear=False,
    ),
]
