"""Products of Householder reflections."""

import torch
from torch import nn

from prodsumnet.numerics import checks
from prodsumnet.operators.base import LinearOperator
from prodsumnet.operators.cost import Cost


class Householder(LinearOperator, kind="householder"):
    r"""A product of reflections :math:`\prod_i (I - 2 v_i v_i^H / |v_i|^2)` with trainable ``v_i``.

    It is unitary. Every orthogonal matrix is a product of at most ``n`` of them (Householder 1958);
    as layers, see Mhammedi et al. (2017).

    Parameters
    ----------
    size : int
        Number of features on both sides, at least two: on one, every reflection is -1.
    count : int, optional
        How many reflections. ``vectors`` of shape ``(count, size)`` has the ``v_i``, whose lengths
        do not matter but must not be zero.
    device, dtype
        As for torch's layers; a complex ``dtype`` gives complex vectors.

    Raises
    ------
    TypeError, ValueError
        If ``size`` is no integer above one, or ``count`` no positive one.

    Notes
    -----
    With the vectors as the columns of ``V``, the product is :math:`I - V S^{-1} V^H`, where ``S``
    is the upper triangle of :math:`V^H V` with half its diagonal (Joffrain et al. 2006): two matrix
    products, whatever the count.
    """

    vectors: nn.Parameter

    def __init__(
        self,
        size: int,
        count: int = 1,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        size = checks.bounded_int("size", size, 2, checks.MAX_FEATURES)
        self.count = checks.positive_int("count", count)
        checks.number_count("Householder", self.count, size)
        super().__init__(size, size)
        self.size = self.out_features
        dtype = checks.numeric_dtype(dtype)
        self.vectors = nn.Parameter(torch.empty(self.count, self.size, device=device, dtype=dtype))
        if not self.vectors.is_meta:
            self.reset_parameters()

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        return self._by_rows(x, adjoint=False)

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        return self._by_rows(y, adjoint=True)

    def _by_rows(self, x: torch.Tensor, adjoint: bool) -> torch.Tensor:
        rows, vectors = checks.unify(x.reshape(-1, self.size), self.vectors)
        along = self._solve(vectors, vectors.conj() @ rows.mT, adjoint)
        return (rows - along.mT @ vectors).reshape(x.shape)

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        return self._by_columns(x, adjoint=False)

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        return self._by_columns(y, adjoint=True)

    def _by_columns(self, x: torch.Tensor, adjoint: bool) -> torch.Tensor:
        x, vectors = checks.unify(x, self.vectors)
        return x - vectors.mT @ self._solve(vectors, vectors.conj() @ x, adjoint)

    def _solve(self, vectors: torch.Tensor, along: torch.Tensor, adjoint: bool) -> torch.Tensor:
        """Return the columns of ``along`` multiplied by the inverse of S, or of its adjoint."""
        gram = (vectors.conj() @ vectors.mT).to(vectors.dtype)
        upper = gram.triu() - torch.diag(gram.diagonal() / 2)
        # Automatic mixed precision lowers products, but cannot solve.
        along = along.to(upper.dtype)
        if adjoint:
            return torch.linalg.solve_triangular(upper.mH, along, upper=False)
        return torch.linalg.solve_triangular(upper, along, upper=True)

    def _reset(self, gain: float) -> None:
        self.vectors.normal_()

    def _cost(self, batch: int) -> Cost:
        numbers = batch * self.size
        return (
            Cost.matmul(self.count, self.count, self.size)
            + Cost.matmul(batch, self.count, self.size)
            + Cost.matmul(batch, self.size, self.count)
            + Cost.elementwise(self.count**2, batch * self.count, batch * self.count**2)
            + Cost.elementwise(2 * numbers, numbers, numbers)
        )

    def second_moment(self) -> float:
        """Exactly 1: reflections keep lengths."""
        return 1.0

    def _symbol(self) -> str:
        return f"Householder({self.size}, {self.count})"
