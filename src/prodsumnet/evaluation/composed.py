"""An operator computed through its dense matrix."""

import contextlib

import torch
from torch.nn import functional

from prodsumnet.evaluation.memory import Memory
from prodsumnet.numerics import checks
from prodsumnet.operators import Cost, LinearOperator

_SMALL = 2**21
"""Rows of vectors are multiplied quicker by a transposed real matrix of up to so many numbers."""


def compose(operator: LinearOperator, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Return the dense matrix in the operator's own precision, even where autocast is on.

    Few numbers make a large matrix here, so their rounding must not be the matrix's.

    Parameters
    ----------
    operator : LinearOperator
        The operator.
    dtype : torch.dtype
        Of the matrix, if the operator holds no numbers of its own.
    device : torch.device
        Where the matrix goes.
    """
    casting = checks.autocasting(device)
    with torch.autocast(device.type, enabled=False) if casting else contextlib.nullcontext():
        return operator.to_dense(dtype if operator.dtype is None else None, device)


class Composed(LinearOperator):
    """The same operator, evaluated as one product with its dense matrix.

    Where no gradient of the numbers is wanted, the matrix is kept until one of them changes.

    Parameters
    ----------
    operator : LinearOperator
        The operator, whose numbers are shared.
    """

    def __init__(self, operator: LinearOperator) -> None:
        super().__init__(*operator.shape)
        self.operator = operator
        self.memory = Memory(operator, self._transposed)

    def _transposed(self, x: torch.Tensor) -> torch.Tensor:
        dense = compose(self.operator, x.dtype, x.device)
        if checks.autocasting(x.device) and not dense.is_complex():
            dense = dense.to(torch.get_autocast_dtype(x.device.type))
        turned = dense.numel() <= _SMALL and not dense.is_complex()
        return dense.mT.contiguous() if turned else dense.mT

    def remembered(self, x: torch.Tensor) -> torch.Tensor:
        """`_matvec` of input always of the matrix's type, without gradients or autocast."""
        transposed = self.memory.fresh()
        if transposed is None:
            return self._matvec(x)
        # Which `matmul` would find out, too, but later.
        return torch.mm(x, transposed) if x.dim() == 2 else x @ transposed

    def _dense(self, x: torch.Tensor) -> torch.Tensor:
        if self.memory.usable():
            return self.memory.get(x).mT
        return compose(self.operator, x.dtype, x.device)

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        if self.memory.usable():
            transposed = self.memory.get(x)
            if x.dtype != transposed.dtype:
                x, transposed = checks.unify(x, transposed)
            return x @ transposed
        x, dense = checks.unify(x, compose(self.operator, x.dtype, x.device))
        return functional.linear(x, dense)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        y, dense = checks.unify(y, self._dense(y))
        return y @ dense.conj()

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        x, dense = checks.unify(x, self._dense(x))
        return dense @ x

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        y, dense = checks.unify(y, self._dense(y))
        return dense.mH @ y

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return self.operator._to_dense(dtype, device)

    def _cost(self, batch: int) -> Cost:
        return self.operator._cost(min(self.shape)) + Cost.matmul(batch, *self.shape)

    def _symbol(self) -> str:
        return f"[{self.operator._symbol()}]"
