"""What operators that are applied as a dense matrix have in common."""

import torch
from torch.nn import functional

from prodsumnet.numerics import checks
from prodsumnet.operators.base import LinearOperator


class Materialized(LinearOperator):
    """An operator whose dense matrix is cheaper to form and multiply by than any shortcut.

    A subclass defines `_to_dense`.
    """

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        x, dense = checks.unify(x, self._to_dense(x.dtype, x.device))
        return functional.linear(x, dense)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        y, dense = checks.unify(y, self._to_dense(y.dtype, y.device))
        return y @ dense.conj()

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        x, dense = checks.unify(x, self._to_dense(x.dtype, x.device))
        return dense @ x

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        y, dense = checks.unify(y, self._to_dense(y.dtype, y.device))
        return dense.mH @ y
