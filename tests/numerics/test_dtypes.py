"""Names of types: both ways, and nothing but floating and complex ones."""

import pytest
import torch

from prodsumnet.numerics import dtypes


@pytest.mark.parametrize(
    ("text", "dtype"),
    [
        ("float16", torch.float16),
        ("bfloat16", torch.bfloat16),
        ("float32", torch.float32),
        ("float64", torch.float64),
        ("complex64", torch.complex64),
        ("complex128", torch.complex128),
    ],
)
def test_names(text, dtype):
    assert dtypes.name(dtype) == text
    assert dtypes.named(text) is dtype


@pytest.mark.parametrize("value", ["int64", "torch.float32", "float", "", None, 32, ["float32"]])
def test_other_names_are_refused(value):
    with pytest.raises(ValueError, match=r"dtype must be one of .*'float32'.*, got "):
        dtypes.named(value)
