"""Cases of Convolution1d: torch.nn.Conv1d applied to every unit sequence."""

import torch
from tests.contract.case import Case
from tests.oracles.convolution_2d import case, matrix

from prodsumnet.operators import Dense, LowRank
from prodsumnet.operators.convolution import Convolution1d


def _conv(columns: int = 3, size: object = 5, kernel_size: object = 3, **options):
    return Convolution1d(Dense(2, columns), size, kernel_size, **options)


ERRORS = (
    (lambda: _conv(columns=4), ValueError, r"shape \(2, 4\) does not fit kernel_size \(3,\)"),
    (lambda: _conv(size=2), ValueError, "exceeds the padded input of 2"),
    (lambda: _conv(size=(5, 4)), ValueError, "input_size must be an integer or 1 integers"),
    (lambda: _conv(stride=(1, 2)), ValueError, "stride must be an integer or 1 integers"),
    (lambda: _conv(padding="same", stride=2), ValueError, "'same' needs stride 1"),
    (lambda: _conv(padding=6, padding_mode="circular"), ValueError, "circular padding of 6"),
    (lambda: _conv(padding=5, padding_mode="reflect"), ValueError, "reflect padding of 5"),
    (lambda: Convolution1d(3, 5, 3), TypeError, "expected a LinearOperator, got int"),
)


def _case(out: int, columns: int, size: int, dtype: torch.dtype = torch.float64, **options) -> Case:
    return case(Convolution1d, out, columns, (size,), ERRORS, dtype, **options)


CASES = [
    _case(2, 3, 7, kernel_size=3),
    _case(2, 6, 5, kernel_size=(3,), padding=1),
    _case(2, 4, 6, kernel_size=4, padding="same"),
    _case(1, 6, 9, kernel_size=3, stride=3, padding=(2,), dilation=2),
    _case(4, 4, 5, kernel_size=2, groups=2, padding=1, stride=2),
    _case(1, 3, 4, kernel_size=3, padding="same", padding_mode="circular"),
    _case(2, 3, 5, kernel_size=3, padding=2, padding_mode="reflect", stride=2),
    _case(1, 4, 4, kernel_size=2, padding=3, padding_mode="replicate", dilation=3),
    _case(1, 1, 1, kernel_size=1),
    _case(2, 8, 6, torch.complex128, kernel_size=4, padding=1, stride=2),
    Case(
        id="low-rank-kernel",
        build=lambda: Convolution1d(LowRank(3, 8, 2).double(), 6, 4, padding="valid"),
        oracle=lambda n: matrix(
            n["kernel.factors.0.weight"] @ n["kernel.factors.1.weight"], (6,), kernel_size=4
        ),
        trainable=22,
        linear=False,
    ),
]
