"""What the tests of the layers share: the comparison with torch, and operators of a given shape."""

import itertools
from collections.abc import Callable

import torch
from hypothesis import strategies as st
from torch import nn

from prodsumnet import operators as ops
from prodsumnet.nn.bias import bias_vector

Build = Callable[[], ops.LinearOperator]
KINDS = ("none", "vector", "dense", "kron", "product")
"""Kinds of biases."""


def assert_same(
    layer: nn.Module,
    expected: Callable[[torch.Tensor], torch.Tensor],
    x: torch.Tensor,
    tolerance: float = 1e-11,
) -> None:
    """Compare values, and gradients in the input and in every trainable number of the layer."""
    x = x.detach().requires_grad_()
    leaves = [x, *(p for p in layer.parameters() if p.requires_grad)]
    actual, wanted = layer(x), expected(x)
    assert actual.shape == wanted.shape
    assert actual.dtype == wanted.dtype
    close(actual, wanted, tolerance)
    direction = torch.randn_like(wanted)
    pairs = zip(
        gradients(actual, leaves, direction), gradients(wanted, leaves, direction), strict=True
    )
    for found, gradient in pairs:
        close(found, gradient, tolerance)


def gradients(
    y: torch.Tensor, leaves: list[torch.Tensor], direction: torch.Tensor
) -> list[torch.Tensor]:
    """Gradients, zero where a result does not depend on a leaf, as with an operator of zero."""
    if not y.requires_grad:
        return [torch.zeros_like(leaf) for leaf in leaves]
    return list(torch.autograd.grad(y, leaves, direction, materialize_grads=True))


def close(actual: torch.Tensor, expected: torch.Tensor, tolerance: float) -> None:
    """Absolute tolerance is relative to the largest expected number."""
    scale = expected.detach().abs().max().item() if expected.numel() else 1.0
    torch.testing.assert_close(
        actual, expected, rtol=tolerance, atol=tolerance * max(scale, 1e-3), check_stride=False
    )


def make_bias(kind: str, features: int, dtype: torch.dtype = torch.float64):
    """The argument that gives a layer a bias of a kind, with numbers that are not zero."""
    if kind == "dense":
        return ops.Dense(features, 1, dtype=dtype)
    if kind == "kron":
        rows = next(k for k in range(2, features + 2) if features % k == 0 or k > features)
        rows = rows if features % rows == 0 else 1
        return ops.kron(
            ops.Dense(rows, 1, dtype=dtype), ops.Dense(features // rows, 1, dtype=dtype)
        )
    if kind == "product":
        return ops.Dense(features, 3, dtype=dtype) @ ops.Dense(3, 1, dtype=dtype)
    return kind == "vector"


def randomize(layer: nn.Module) -> None:
    """Give a bias vector, which starts at zero, some numbers."""
    if isinstance(layer.bias, nn.Parameter):
        nn.init.normal_(layer.bias)


def dense_bias(layer: nn.Module) -> torch.Tensor | None:
    """The bias of a layer as a vector, by the operator's own dense matrix."""
    return bias_vector(layer.bias)


def kernels(out: int, channels: int, taps: int) -> dict[str, Build]:
    """Kernel matrices of shape ``(out, channels * taps)``, by name; all in float64."""

    def dense(rows: int, columns: int) -> ops.LinearOperator:
        return ops.Dense(rows, columns, dtype=torch.float64)

    columns = channels * taps
    identity = ops.Identity(channels)
    double = {"dtype": torch.float64}
    return {
        "dense": lambda: dense(out, columns),
        "low-rank": lambda: dense(out, 2) @ dense(2, columns),
        "rank-1": lambda: dense(out, 1) @ dense(1, columns),
        "sum": lambda: dense(out, columns) + dense(out, 1) @ dense(1, columns),
        "signs": lambda: ops.RandomSigns(out, columns, seed=3),
        "transform": lambda: ops.RandomSigns(out, columns, seed=3) @ ops.DCT(columns),
        "separable": lambda: dense(out, channels) @ ops.BlockDense(channels, 1, taps, **double),
        "multiplied": lambda: (
            dense(out, 2 * channels) @ ops.BlockDense(channels, 2, taps, **double)
        ),
        "khatri-rao": lambda: dense(out, channels) @ ops.KhatriRao(identity, dense(channels, taps)),
        "diagonal": lambda: (
            dense(out, channels)
            @ ops.KhatriRao(ops.Diagonal(channels, **double), dense(channels, taps))
        ),
        "one-filter": lambda: dense(out, channels) @ ops.kron(identity, dense(1, taps)),
        "three": lambda: (
            dense(out, 1)
            @ dense(1, channels)
            @ ops.KhatriRao(identity, dense(channels, 2))
            @ ops.kron(identity, dense(2, taps))
        ),
        "scaled": lambda: -1.5 * (dense(out, channels) @ ops.kron(identity, dense(1, taps))),
        "twice-scaled": lambda: (
            0.5 * (-3 * (dense(out, channels) @ ops.BlockDense(channels, 1, taps, **double)))
        ),
        "fixed-filters": lambda: (
            dense(out, channels) @ ops.kron(identity, ops.RandomSigns(1, taps, seed=1))
        ),
        "fixed-mixing": lambda: (
            ops.RandomSigns(out, channels, seed=1) @ ops.kron(identity, dense(1, taps))
        ),
    }


KERNELS = tuple(kernels(1, 1, 1))
MODES = ("zeros", "circular", "reflect", "replicate")


@st.composite
def convolutions(draw: Callable) -> dict:
    """The arguments of a convolution layer, and the size of an image that it takes."""
    groups = draw(st.sampled_from((1, 1, 1, 2, 3)))
    inner, outer = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
    kernel_size = draw(
        st.one_of(st.integers(1, 3), st.tuples(st.integers(1, 4), st.integers(1, 3)))
    )
    dilation = draw(st.one_of(st.integers(1, 3), pairs))
    padding = draw(
        st.one_of(
            st.sampled_from(("same", "valid")),
            st.integers(0, 3),
            st.tuples(st.integers(0, 2), st.integers(0, 3)),
        )
    )
    stride = 1 if padding == "same" else draw(st.one_of(st.integers(1, 3), pairs))
    spans = [d * (k - 1) + 1 for d, k in zip(pair(dilation), pair(kernel_size), strict=True)]
    borders = spans if isinstance(padding, str) else pair(padding)
    # Large enough for the kernel, and for a border that mirrors the image.
    size = [max(s, b + 1) + draw(st.integers(0, 4)) for s, b in zip(spans, borders, strict=True)]
    return {
        "in_channels": groups * inner,
        "out_channels": groups * outer,
        "kernel_size": kernel_size,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "groups": groups,
        "padding_mode": draw(st.sampled_from(MODES)),
        "size": tuple(size),
    }


def pair(value: int | tuple[int, int]) -> tuple[int, int]:
    """An argument of torch's layers, one number or two, as two."""
    return (value, value) if isinstance(value, int) else value


def tensor_ids(module: nn.Module) -> set[int]:
    """Identities of the storage of every number in a module."""
    return {t.data_ptr() for t in itertools.chain(module.parameters(), module.buffers())}
