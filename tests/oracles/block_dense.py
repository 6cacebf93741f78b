"""Cases of BlockDense against scipy.linalg.block_diag."""

import scipy.linalg
from tests.contract.case import DTYPES, Case, reals

from prodsumnet.operators import BlockDense

CASES = [
    Case(
        id=f"{blocks}x{out}x{in_}-{dtype}",
        build=lambda a=(blocks, out, in_), dtype=dtype: BlockDense(*a, dtype=dtype),
        oracle=lambda numbers: scipy.linalg.block_diag(*numbers["weight"]),
        trainable=blocks * out * in_ * reals(dtype),
        errors=(
            (lambda: BlockDense(0, 1, 1), ValueError, "num_blocks must lie between"),
            (lambda: BlockDense(2, 1, 0), ValueError, "block_in_features must lie between"),
            (lambda: BlockDense(2**10, 2**11, 2**12), ValueError, "BlockDense would hold"),
        ),
    )
    for blocks, out, in_ in ((3, 2, 4), (2, 3, 1), (1, 1, 1))
    for dtype in DTYPES
]
