"""Transforms against scipy."""

import numpy as np
import pytest
import scipy.fft
import scipy.linalg
import torch

from prodsumnet.numerics import transforms
from prodsumnet.numerics.convolution import circular_convolve

SIZES = [1, 2, 3, 4, 5, 7, 8, 12, 31, 64]


def complex_rows(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.complex128, generator=torch.Generator().manual_seed(1))


def scipy_dct(x: torch.Tensor, kind: int) -> torch.Tensor:
    return torch.from_numpy(scipy.fft.dct(x.numpy(), type=kind, norm="ortho", axis=-1))


@pytest.mark.parametrize("n", SIZES)
def test_dct(n: int) -> None:
    for lead in ((), (3,), (2, 3)):
        z = complex_rows(*lead, n)
        for x in (z, z.real.clone()):
            torch.testing.assert_close(transforms.dct(x), scipy_dct(x, 2))
            torch.testing.assert_close(transforms.idct(x), scipy_dct(x, 3))
            torch.testing.assert_close(transforms.idct(transforms.dct(x)), x)


@pytest.mark.parametrize("n", SIZES)
def test_dct_matrix(n: int) -> None:
    expected = torch.from_numpy(scipy.fft.dct(np.eye(n), norm="ortho", axis=0))
    torch.testing.assert_close(transforms.dct_matrix(n, torch.float64), expected)
    assert transforms.dct_matrix(n).dtype == torch.float32
    assert transforms.dct_matrix(n, torch.complex64).dtype == torch.complex64
    rounded = transforms.dct_matrix(n, torch.float32)
    assert torch.equal(rounded, transforms.dct_matrix(n, torch.float64).float())


@pytest.mark.parametrize("n", [1, 2, 4, 16, 64])
def test_hadamard(n: int) -> None:
    matrix = torch.from_numpy(scipy.linalg.hadamard(n) / np.sqrt(n))
    for lead in ((), (3,), (2, 3)):
        z = complex_rows(*lead, n)
        torch.testing.assert_close(transforms.hadamard(z), z @ matrix.to(z.dtype))
        torch.testing.assert_close(transforms.hadamard(z.real), z.real @ matrix)
        torch.testing.assert_close(transforms.hadamard(transforms.hadamard(z)), z)


@pytest.mark.parametrize("n", SIZES)
def test_circular_convolution(n: int) -> None:
    for lead in ((), (3,), (2, 3)):
        z, c = complex_rows(*lead, n), complex_rows(n) * 1j
        for x in (z, z.real):
            for kernel in (c, c.real):
                matrix = torch.from_numpy(scipy.linalg.circulant(kernel.numpy()))
                dtype = torch.promote_types(x.dtype, kernel.dtype)
                given = circular_convolve(x, kernel)
                torch.testing.assert_close(given, x.to(dtype) @ matrix.to(dtype).mT)


FUNCTIONS = [
    transforms.dct,
    transforms.idct,
    transforms.hadamard,
    lambda x: circular_convolve(x, torch.linspace(-1, 1, 8).to(x.dtype)),
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=["dct", "idct", "hadamard", "convolve"])
def test_precisions(function) -> None:
    x = complex_rows(5, 8)
    exact = function(x.real)
    for dtype, tolerance in (
        (torch.float32, 1e-6),
        (torch.float16, 4e-3),
        (torch.bfloat16, 3e-2),
    ):
        given = function(x.real.to(dtype))
        assert given.dtype == dtype
        torch.testing.assert_close(given.double(), exact, rtol=tolerance, atol=tolerance)
    given = function(x.to(torch.complex64))
    assert given.dtype == torch.complex64
    torch.testing.assert_close(given, function(x).to(torch.complex64), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("function", FUNCTIONS, ids=["dct", "idct", "hadamard", "convolve"])
@pytest.mark.parametrize("lead", [(0,), (2, 0), (0, 3)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.complex128])
def test_empty_batches(function, lead: tuple[int, ...], dtype: torch.dtype) -> None:
    x = torch.zeros(*lead, 8, dtype=dtype, requires_grad=True)
    y = function(x)
    assert y.shape == x.shape
    assert y.dtype == dtype
    y.abs().sum().backward()
    assert x.grad is not None


def test_empty_convolution_keeps_its_kernel_in_the_graph() -> None:
    kernel = torch.ones(8, requires_grad=True)
    circular_convolve(torch.zeros(0, 8), kernel).sum().backward()
    assert kernel.grad is not None
    assert not kernel.grad.any()
    mixed = circular_convolve(torch.zeros(0, 8), torch.zeros(8, dtype=torch.complex64))
    assert mixed.dtype == torch.complex64


@pytest.mark.parametrize("n", [1, 2, 4, 8])
def test_gradients(n: int) -> None:
    for dtype in (torch.float64, torch.complex128):
        x = complex_rows(2, n)
        x = (x if dtype.is_complex else x.real.clone()).requires_grad_()
        kernel = torch.linspace(-1, 1, n, dtype=dtype).requires_grad_()
        for function in (transforms.dct, transforms.idct, transforms.hadamard):
            assert torch.autograd.gradcheck(function, (x,))
            assert torch.autograd.gradgradcheck(function, (x,))
        assert torch.autograd.gradcheck(circular_convolve, (x, kernel))


@pytest.mark.parametrize("function", FUNCTIONS, ids=["dct", "idct", "hadamard", "convolve"])
def test_mixed_precision_does_not_round_within(function) -> None:
    x = complex_rows(5, 8).real.float()
    expected = function(x)
    with torch.autocast("cpu", torch.bfloat16):
        given = function(x)
    assert given.dtype == torch.float32
    assert torch.equal(given, expected)


def test_inputs_stay_as_they_were() -> None:
    for function in FUNCTIONS:
        x = complex_rows(3, 8).real
        before = x.clone()
        function(x)
        assert torch.equal(x, before)
