"""Fast transforms are found in their dense matrices, as butterflies."""

import pytest
import torch

from prodsumnet import families
from prodsumnet import operators as ops
from prodsumnet.fitting import fit

SIZES = (4, 64, 256, 1024)


def bits_reversed(size: int) -> ops.LinearOperator:
    bits = size.bit_length() - 1
    return ops.AxisPermutation((2,) * bits, tuple(range(bits))[::-1])


def last_shuffle(size: int) -> ops.LinearOperator:
    """The family leaves it out, since it only names the outputs."""
    return ops.AxisPermutation((size // 2, 2), (1, 0))


def butterfly(size: int, dtype: torch.dtype = torch.float64) -> ops.LinearOperator:
    budget = 2 * size * (size.bit_length() - 1)
    operator = families.build("butterfly", size, size, budget, dtype=torch.float64)
    assert operator.num_trainable == budget
    return last_shuffle(size) @ operator.to(dtype)


def double_butterfly(size: int) -> ops.LinearOperator:
    """A butterfly with two numbers on every wire between its stages, and so blocks of 4×4."""
    blocks = size // 2
    stages = [
        ops.BlockDense(blocks, 2, 4, dtype=torch.float64),
        *(ops.BlockDense(blocks, 4, 4, dtype=torch.float64) for _ in range(size.bit_length() - 3)),
        ops.BlockDense(blocks, 4, 2, dtype=torch.float64),
    ]
    shuffle = ops.AxisPermutation((size // 4, 2, 2, 2), (2, 0, 1, 3))
    factors = [factor for stage in stages for factor in (stage, shuffle)][:-1]
    return ops.Product(last_shuffle(size), *factors)


@pytest.mark.parametrize("size", SIZES)
def test_hadamard(size: int) -> None:
    matrix = ops.Hadamard(size).to_dense(torch.float64)
    assert fit(butterfly(size), matrix).error < 1e-12


@pytest.mark.parametrize("size", SIZES)
def test_dft(size: int) -> None:
    """Cooley & Tukey 1965: butterflies of the bit-reversed input."""
    operator = butterfly(size, torch.complex128) @ bits_reversed(size)
    matrix = torch.fft.fft(torch.eye(size, dtype=torch.complex128), norm="ortho")
    assert fit(operator, matrix).error < 1e-12


@pytest.mark.parametrize("size", SIZES)
def test_dct(size: int) -> None:
    """Makhoul 1980: the real part of a DFT of the even entries and then the odd ones reversed.

    The sum of a number and its conjugate takes two numbers on every wire.
    """
    order = [*range(0, size, 2), *range(size - 1, 0, -2)]
    operator = double_butterfly(size) @ bits_reversed(size) @ ops.Selection(size, order)
    found = fit(operator, ops.DCT(size).to_dense(torch.float64))
    assert found.error < 1e-12
    # What is left is rounding, which no sweep is spent on.
    assert found.iterations == 1


@pytest.mark.parametrize("share", [0.3, 0.6])
@pytest.mark.parametrize("shape", [(16, 16), (12, 40), (33, 17)], ids=str)
def test_the_fit_to_any_matrix_is_near_the_best(shape: tuple[int, int], share: float) -> None:
    torch.manual_seed(0)
    size = shape[0] * shape[1]
    operator = families.build("butterfly", *shape, int(share * size), dtype=torch.float64)
    target = torch.randn(*shape, dtype=torch.float64)
    start = fit(operator, target, max_iterations=0)
    found = fit(operator, target, max_iterations=6)
    assert found.error <= start.error <= 1
    assert found.error < (1 - 0.6 * share) ** 0.5
