"""The matrix of ones."""

import torch

from prodsumnet.operators.base import LinearOperator
from prodsumnet.operators.cost import Cost


class Ones(LinearOperator, kind="ones"):
    r"""The fixed rank-one matrix :math:`\mathbf 1 \mathbf 1^T`: every output is the input's sum.

    ``kron(B, Ones(n, 1))`` repeats what ``B`` gives ``n`` times, so a bias of a product shape can
    be written as a sum of biases along its axes.

    Parameters
    ----------
    out_features, in_features : int
        Shape.
    """

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return x.sum(-1, keepdim=True).expand(*x.shape[:-1], self.out_features)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return y.sum(-1, keepdim=True).expand(*y.shape[:-1], self.in_features)

    def _cost(self, batch: int) -> Cost:
        inputs, outputs = batch * self.in_features, batch * self.out_features
        return Cost.elementwise(inputs, outputs, inputs)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return torch.ones(self.shape, dtype=dtype, device=device)

    def second_moment(self) -> float:
        """Exactly ``in_features``."""
        return float(self.in_features)

    def _symbol(self) -> str:
        return f"1({self.out_features}×{self.in_features})"
