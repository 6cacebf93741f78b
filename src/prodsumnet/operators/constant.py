"""A given matrix."""

import torch

from prodsumnet.numerics import checks
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.materialized import Materialized


class Constant(Materialized, kind="constant"):
    """A given dense matrix that is not trained; its numbers are stored with the model.

    Seeded and transform matrices cost no storage and should be preferred where they serve.

    Parameters
    ----------
    out_features, in_features : int
        Shape; the matrix starts as zeros, to be filled by loading.
    device, dtype
        As for torch's layers.
    """

    matrix: torch.Tensor

    def __init__(
        self,
        out_features: int,
        in_features: int,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(out_features, in_features)
        checks.number_count("Constant", *self.shape)
        zeros = torch.zeros(self.shape, device=device, dtype=checks.numeric_dtype(dtype))
        self.register_buffer("matrix", zeros)

    @classmethod
    def of(cls, matrix: torch.Tensor) -> "Constant":
        """Return the operator of a two-dimensional tensor, which is copied.

        Raises
        ------
        ValueError
            If the tensor is not a matrix or holds a number that is not finite.
        """
        if matrix.dim() != 2:
            raise ValueError(f"expected a matrix, got a tensor of shape {tuple(matrix.shape)}")
        if not matrix.isfinite().all():
            raise ValueError("the matrix holds numbers that are not finite")
        constant = cls(*matrix.shape, device=matrix.device, dtype=matrix.dtype)
        constant.matrix.copy_(matrix.detach())
        return constant

    def _cost(self, batch: int) -> Cost:
        return Cost.matmul(batch, self.out_features, self.in_features)

    def _to_dense(self, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return self.matrix
