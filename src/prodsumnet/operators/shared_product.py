"""One matrix times each of many."""

from typing import Any

import torch

from prodsumnet.numerics import checks
from prodsumnet.numerics.eager import recorded

_MANY, _FIT = 32, 1 << 18
"""How many products are many, and how many numbers of them stay in a cache."""


def shared_product(matrix: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Return the products ``(count, out, columns)`` of one matrix with ``(count, in, columns)``.

    The gradient in the matrix is added up product by product, where that of `torch.matmul` would
    first store one for each.

    Parameters
    ----------
    matrix : Tensor
        ``(out, in)``.
    x : Tensor
        ``(count, in, columns)``.
    """
    x, matrix = checks.unify(x, matrix)
    if checks.autocasting(x.device):
        dtype = torch.get_autocast_dtype(x.device.type)
        x, matrix = (t if t.dtype == torch.float64 else t.to(dtype) for t in (x, matrix))
    if recorded(matrix, x):
        return _SharedProduct.apply(matrix, x)  # pyright: ignore[reportReturnType]
    return _products(matrix, x)


class _SharedProduct(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, matrix: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(matrix, x)
        return _products(matrix, x)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (grad,) = grads
        matrix, x = ctx.saved_tensors
        needs_matrix, needs_x = ctx.needs_input_grad
        own = None
        if needs_matrix:
            own = summed_products(grad, x)
        return own, _SharedProduct.apply(matrix.mH, grad) if needs_x else None  # pyright: ignore


def _products(matrix: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    # In half precision a transposed matrix would be copied for each product.
    matrix = matrix.contiguous() if x.element_size() == 2 else matrix
    return torch.bmm(matrix.expand(len(x), *matrix.shape), x)


def summed_products(grad: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Return the sum of all products ``grad[i] @ x[i].mH``.

    Parameters
    ----------
    grad : Tensor
        ``(count, out, columns)``.
    x : Tensor
        ``(count, in, columns)``.
    """
    (count, out_features, _), in_features = grad.shape, x.shape[1]
    if x.element_size() == 2 and x.device.type == "cpu":
        # torch multiplies them one by one here, which takes ten times as long as the copies.
        rows = grad.transpose(0, 1).reshape(out_features, -1)
        return rows @ x.transpose(0, 1).reshape(in_features, -1).mT
    if count >= _MANY and count * out_features * in_features <= _FIT:
        # Many small products are quicker all at once.
        return torch.bmm(grad, x.mH).sum(0)
    return torch.addbmm(grad.new_zeros(out_features, in_features), grad, x.mH, beta=0)
