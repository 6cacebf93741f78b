"""What the tests of the contract share."""

import itertools

import numpy as np
import torch
from tests.contract.case import Case, numbers
from torch import nn
from torch.func import functional_call

from prodsumnet.operators import LinearOperator

Flat = tuple[torch.Tensor, ...]


def wide(operator: LinearOperator) -> torch.dtype:
    """The 64-bit type of an operator's input: its own, or real if it holds no numbers."""
    return torch.float64 if operator.dtype is None else operator.dtype


def dense(case: Case, operator: LinearOperator) -> torch.Tensor:
    """The oracle's matrix for an operator's present numbers."""
    matrix = torch.from_numpy(np.ascontiguousarray(case.oracle(numbers(operator))))
    assert matrix.shape == operator.shape
    return matrix


def rows(features: int, *lead: int, dtype: torch.dtype = torch.complex128) -> torch.Tensor:
    return torch.randn(*lead, features, dtype=dtype)


def times(matrix: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """The matrix applied to row vectors, in the wider of both types."""
    dtype = torch.promote_types(matrix.dtype, x.dtype)
    return x.to(dtype) @ matrix.to(dtype).mT


def close(actual: torch.Tensor, expected: torch.Tensor, tolerance: float = 1e-11) -> None:
    torch.testing.assert_close(
        actual, expected.to(actual.dtype), rtol=tolerance, atol=tolerance, check_dtype=False
    )


def assert_type(actual: torch.Tensor, operator: LinearOperator, x: torch.Tensor) -> None:
    """A result has its input's precision, and is complex if a complex number went in."""
    assert actual.dtype.to_real() == x.dtype.to_real()
    if x.is_complex() or (operator.dtype is not None and operator.dtype.is_complex):
        assert actual.is_complex()


class Densified(nn.Module):
    """An operator whose forward pass is its dense matrix, for `functional_call`."""

    def __init__(self, operator: LinearOperator) -> None:
        super().__init__()
        self.operator = operator

    def forward(self) -> torch.Tensor:
        return self.operator.to_dense(None if self.operator.dtype else torch.float64)


def gradcheck(module: nn.Module, *inputs: torch.Tensor) -> bool:
    """Compare first derivatives in the inputs and in the numbers with differences."""
    names = [name for name, _ in module.named_parameters()]
    values = [p.detach().clone().requires_grad_() for p in module.parameters()]
    leaves = [x.detach().clone().requires_grad_() for x in inputs]

    def call(*tensors: torch.Tensor) -> torch.Tensor:
        given = dict(zip(names, tensors[len(leaves) :], strict=True))
        return functional_call(module, given, tensors[: len(leaves)])

    return torch.autograd.gradcheck(call, (*leaves, *values), atol=1e-6, rtol=1e-5)


def distinct(operator: LinearOperator) -> int:
    """Trainable real numbers, found by identity through the modules and not by the library."""
    found = {
        id(p): p.numel() * (2 if p.is_complex() else 1)
        for p in itertools.chain(*(m._parameters.values() for m in operator.modules()))
        if p is not None
    }
    return sum(found.values())


def copy_numbers(source: LinearOperator, target: LinearOperator) -> None:
    target.load_state_dict(source.state_dict(), strict=True)


def moment(matrix: torch.Tensor) -> float:
    return matrix.abs().square().sum().item() / matrix.shape[0]


def assert_output_variance(operator: LinearOperator, matrix: torch.Tensor, expected: float) -> None:
    """Average over many white inputs, within six standard errors of the expectation.

    For Gaussian input the variance of ``|A x|**2`` is at most ``2 |A^H A|_F**2``.
    """
    samples = 2000
    x = rows(operator.in_features, samples, dtype=wide(operator))
    found = operator(x).abs().square().mean().item()
    deviation = (2 / samples) ** 0.5 * (matrix.mH @ matrix).abs().square().sum().sqrt().item()
    assert abs(found - expected) <= 6 * deviation / matrix.shape[0] + 1e-12
