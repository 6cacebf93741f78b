"""Fixed sparse matrices of random signs, for projections that keep lengths."""

import math

import torch

from prodsumnet.numerics import checks, streams
from prodsumnet.operators.cost import Cost
from prodsumnet.operators.sparse_product import Patterned


class SparseSigns(Patterned, kind="sparse-signs"):
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

        def scattered() -> tuple[torch.Tensor, torch.Tensor]:
            """Return rows and columns, range by range."""
            ends = torch.arange(self.num_nonzeros + 1, device=device)[:, None]
            ends = ends * self.out_features // self.num_nonzeros
            keys = streams.words(self.seed, streams.Stream.KEYS, count, device).view(shape)
            rows = ends[:-1] + keys.argsort(dim=-1, stable=True) % (ends[1:] - ends[:-1])
            return rows.view(-1), torch.arange(count, device=device) % self.in_features

        def places() -> tuple[torch.Tensor, torch.Tensor]:
            rows, columns = scattered()
            order = rows.argsort(stable=True)
            return rows[order], columns[order]

        def signs() -> torch.Tensor:
            order = scattered()[0].argsort(stable=True)
            return streams.signs(self.seed, count, device)[order]

        self._hold_pattern(places, count, device)
        self._hold("signs", signs, (count,), torch.int8, device)
        self._scale = math.sqrt(self.out_features / count)

    def _matmat(self, x: torch.Tensor) -> torch.Tensor:
        return self._multiply(self._entries(x), x)

    def _rmatmat(self, y: torch.Tensor) -> torch.Tensor:
        return self._multiply_adjoint(self._entries(y), y)

    def _entries(self, x: torch.Tensor) -> torch.Tensor:
        return self.signs.to(x.real.dtype) * self._scale

    def _cost(self, batch: int) -> Cost:
        return self._pattern_cost(batch)

    def second_moment(self) -> float:
        """Exactly 1."""
        return 1.0

    def _symbol(self) -> str:
        size = f"{self.out_features}×{self.in_features}"
        return f"SparseSigns({size}, {self.num_nonzeros})"
