"""Fixed sparse matrices of random signs, for projections that keep lengths."""

import math

import torch

from prodsumnet.numerics import checks, streams
from prodsumnet.operators.base import LinearOperator
from prodsumnet.operators.cost import Cost


class SparseSigns(LinearOperator, kind="sparse-signs"):
    r"""A fixed projection with a few random signs in every column.

    The sparse Johnson-Lindenstrauss transform (Kane & Nelson 2014, after Achlioptas 2003): the rows
    are cut into ``num_nonzeros`` ranges, and every column has one sign in each.

    Parameters
    ----------
    out_features, in_features : int
        Shape.
    num_nonzeros : int
        Signs in each column, at most ``out_features``.
    seed : int, optional
        Gives rows and signs. Within a range the rows are balanced: they have equally many signs,
        or differ by one.
    device : torch.device or str, optional
        Where the structure lives.

    Raises
    ------
    ValueError
        If ``num_nonzeros`` exceeds ``out_features``.

    Notes
    -----
    With ``s`` signs in each column, they are multiplied by :math:`\sqrt{m / (n s)}`, such that
    unit-variance input gives unit-variance output. Range ``c`` is
    :math:`\lfloor c m / s \rfloor \le i < \lfloor (c + 1) m / s \rfloor`; its signs lie in rows
    given by a random permutation modulo its length.
    """

    rows: torch.Tensor
    signs: torch.Tensor

    def __init__(
        self,
        out_features: int,
        in_features: int,
        num_nonzeros: int,
        seed: int = 0,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(out_features, in_features)
        self.num_nonzeros = checks.positive_int("num_nonzeros", num_nonzeros, self.out_features)
        self.seed = checks.seed_int(seed)
        shape = (self.num_nonzeros, self.in_features)
        count = checks.number_count("SparseSigns", *shape)

        def rows() -> torch.Tensor:
            ends = torch.arange(self.num_nonzeros + 1, device=device)[:, None]
            ends = ends * self.out_features // self.num_nonzeros
            keys = streams.words(self.seed, streams.Stream.KEYS, count, device).view(shape)
            lengths = ends[1:] - ends[:-1]
            return ends[:-1] + keys.argsort(dim=-1, stable=True) % lengths

        def signs() -> torch.Tensor:
            return streams.signs(self.seed, count, device)

        self._hold("rows", rows, shape, torch.int64, device)
        self._hold("signs", signs, shape, torch.int8, device)
        self._scale = math.sqrt(self.out_features / count)

    def _matvec(self, x: torch.Tensor) -> torch.Tensor:
        signed = (x.unsqueeze(-2) * self.signs).flatten(-2)
        zeros = signed.new_zeros(*x.shape[:-1], self.out_features)
        return zeros.index_add(-1, self.rows.view(-1), signed) * self._scale

    def _rmatvec(self, y: torch.Tensor) -> torch.Tensor:
        parts = y.index_select(-1, self.rows.view(-1)).unflatten(-1, self.rows.shape)
        return (parts * self.signs).sum(-2) * self._scale

    def _cost(self, batch: int) -> Cost:
        signs = self.num_nonzeros * self.in_features
        return Cost.elementwise(
            batch * self.in_features + 2 * signs, batch * self.out_features, 2 * batch * signs
        )

    def second_moment(self) -> float:
        """Exactly 1."""
        return 1.0

    def _symbol(self) -> str:
        size = f"{self.out_features}×{self.in_features}"
        return f"SparseSigns({size}, {self.num_nonzeros})"
