"""Cases of DFT against scipy.linalg.dft."""

import scipy.linalg
from tests.contract.case import Case

from prodsumnet.operators.dft import DFT

CASES = [
    Case(
        id=str(size),
        build=lambda size=size: DFT(size),
        oracle=lambda numbers, size=size: scipy.linalg.dft(size, scale="sqrtn"),
        trainable=0,
        errors=((lambda: DFT(2.5), TypeError, "must be an integer, got 2.5"),),
    )
    for size in (1, 2, 7, 8)
]
