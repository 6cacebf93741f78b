"""Linear operators as products of sums.

`LinearOperator` is the contract; `Sum`, `Product`, `Kronecker` and the stacks compose; every other
class is a factor. Modules of this package are found by discovery: a new kind of operator is a new
file here, and no edit elsewhere.
"""

import importlib
import pkgutil

from prodsumnet.operators.algebra import Adjoint, Product, Scaled, Sum, Transpose
from prodsumnet.operators.axis_permutation import AxisPermutation
from prodsumnet.operators.base import LinearOperator, check_operator
from prodsumnet.operators.basis import Basis
from prodsumnet.operators.block_dense import BlockDense
from prodsumnet.operators.blocks import (
    BlockDiagonal,
    HStack,
    VStack,
    block_diag,
    hstack,
    vstack,
)
from prodsumnet.operators.circulant import Circulant
from prodsumnet.operators.constant import Constant
from prodsumnet.operators.convolution import Convolution2d
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.count_sketch import CountSketch
from prodsumnet.operators.dct import DCT
from prodsumnet.operators.dense import Dense
from prodsumnet.operators.diagonal import Diagonal
from prodsumnet.operators.factor import Factor
from prodsumnet.operators.hadamard import Hadamard
from prodsumnet.operators.hashed import Hashed
from prodsumnet.operators.identity import Identity
from prodsumnet.operators.khatri_rao import KhatriRao
from prodsumnet.operators.kronecker import Kronecker, kron
from prodsumnet.operators.kronecker_sum import (
    kronecker_stack,
    kronecker_sum,
    stacked_kronecker_sum,
)
from prodsumnet.operators.low_rank import LowRank
from prodsumnet.operators.ones import Ones
from prodsumnet.operators.permutation import Permutation
from prodsumnet.operators.random_signs import RandomSigns
from prodsumnet.operators.reshape import Reshape
from prodsumnet.operators.seeded_basis import SeededBasis
from prodsumnet.operators.selection import Selection
from prodsumnet.operators.slice import Slice, truncate, zero_pad
from prodsumnet.operators.sparse import Sparse
from prodsumnet.operators.specification import decode, encode
from prodsumnet.operators.zero import Zero

__all__ = [
    "DCT",
    "Adjoint",
    "AxisPermutation",
    "Basis",
    "BlockDense",
    "BlockDiagonal",
    "Circulant",
    "Constant",
    "Convolution2d",
    "Cost",
    "CountSketch",
    "Dense",
    "Diagonal",
    "Factor",
    "HStack",
    "Hadamard",
    "Hashed",
    "Identity",
    "KhatriRao",
    "Kronecker",
    "LinearOperator",
    "LowRank",
    "Ones",
    "Permutation",
    "Product",
    "RandomSigns",
    "Reshape",
    "Scaled",
    "SeededBasis",
    "Selection",
    "Slice",
    "Sparse",
    "Sum",
    "Transpose",
    "VStack",
    "Zero",
    "block_diag",
    "check_operator",
    "decode",
    "encode",
    "hstack",
    "kron",
    "kronecker_stack",
    "kronecker_sum",
    "stacked_kronecker_sum",
    "truncate",
    "vstack",
    "zero_pad",
]

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
