"""Linear operators as products of sums.

`LinearOperator` is the contract; `Sum`, `Product`, `Kronecker` and the stacks compose; every other
class is a factor. Modules of this package are found by discovery: a new kind of operator is a new
file here, and no edit elsewhere.
"""

import importlib
import pkgutil

from prodsumnet.operators.algebra import Adjoint, Product, Scaled, Sum, Transpose
from prodsumnet.operators.axis_permutation import AxisPermutation
from prodsumnet.operators.banded import Banded
from prodsumnet.operators.base import LinearOperator, check_operator
from prodsumnet.operators.basis import Basis
from prodsumnet.operators.block_circulant import BlockCirculant
from prodsumnet.operators.block_dense import BlockDense
from prodsumnet.operators.block_sparse import BlockSparse
from prodsumnet.operators.blocks import (
    BlockDiagonal,
    HStack,
    VStack,
    block_diag,
    hstack,
    vstack,
)
from prodsumnet.operators.cauchy import Cauchy
from prodsumnet.operators.circulant import Circulant
from prodsumnet.operators.constant import Constant
from prodsumnet.operators.convolution import Convolution1d, Convolution2d, Convolution3d
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.count_sketch import CountSketch
from prodsumnet.operators.dct import DCT
from prodsumnet.operators.dense import Dense
from prodsumnet.operators.dft import DFT
from prodsumnet.operators.diagonal import Diagonal
from prodsumnet.operators.factor import Factor
from prodsumnet.operators.fourier_filter import FourierFilter
from prodsumnet.operators.givens import Givens
from prodsumnet.operators.haar import Haar
from prodsumnet.operators.hadamard import Hadamard
from prodsumnet.operators.hankel import Hankel
from prodsumnet.operators.hartley import Hartley
from prodsumnet.operators.hashed import Hashed
from prodsumnet.operators.householder import Householder
from prodsumnet.operators.identity import Identity
from prodsumnet.operators.inverse import Inverse
from prodsumnet.operators.khatri_rao import KhatriRao
from prodsumnet.operators.kronecker import Kronecker, kron
from prodsumnet.operators.kronecker_sum import (
    kronecker_stack,
    kronecker_sum,
    stacked_kronecker_sum,
)
from prodsumnet.operators.krylov import Krylov
from prodsumnet.operators.low_rank import LowRank
from prodsumnet.operators.neighbours import NearestNeighbours
from prodsumnet.operators.ones import Ones
from prodsumnet.operators.permutation import Permutation
from prodsumnet.operators.phases import Phases
from prodsumnet.operators.propagation import Propagation
from prodsumnet.operators.random_signs import RandomSigns
from prodsumnet.operators.reshape import Reshape
from prodsumnet.operators.seeded_basis import SeededBasis
from prodsumnet.operators.selection import Selection
from prodsumnet.operators.sign_diagonal import SignDiagonal
from prodsumnet.operators.skew_circulant import SkewCirculant
from prodsumnet.operators.slice import Slice, truncate, zero_pad
from prodsumnet.operators.sparse import Sparse
from prodsumnet.operators.sparse_signs import SparseSigns
from prodsumnet.operators.specification import decode, encode
from prodsumnet.operators.toeplitz import Toeplitz
from prodsumnet.operators.tridiagonal import Tridiagonal
from prodsumnet.operators.vandermonde import Vandermonde
from prodsumnet.operators.zero import Zero

__all__ = [
    "DCT",
    "DFT",
    "Adjoint",
    "AxisPermutation",
    "Banded",
    "Basis",
    "BlockCirculant",
    "BlockDense",
    "BlockDiagonal",
    "BlockSparse",
    "Cauchy",
    "Circulant",
    "Constant",
    "Convolution1d",
    "Convolution2d",
    "Convolution3d",
    "Cost",
    "CountSketch",
    "Dense",
    "Diagonal",
    "Factor",
    "FourierFilter",
    "Givens",
    "HStack",
    "Haar",
    "Hadamard",
    "Hankel",
    "Hartley",
    "Hashed",
    "Householder",
    "Identity",
    "Inverse",
    "KhatriRao",
    "Kronecker",
    "Krylov",
    "LinearOperator",
    "LowRank",
    "NearestNeighbours",
    "Ones",
    "Permutation",
    "Phases",
    "Product",
    "Propagation",
    "RandomSigns",
    "Reshape",
    "Scaled",
    "SeededBasis",
    "Selection",
    "SignDiagonal",
    "SkewCirculant",
    "Slice",
    "Sparse",
    "SparseSigns",
    "Sum",
    "Toeplitz",
    "Transpose",
    "Tridiagonal",
    "VStack",
    "Vandermonde",
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
