"""Matrices of low rank."""

import torch

from prodsumnet.numerics import checks
from prodsumnet.operators.algebra import Product
from prodsumnet.operators.dense import Dense


class LowRank(Product):
    """A product ``U V`` of a tall and a wide matrix (Sainath 2013; Xue, Li & Gong 2013).

    It is a `Product` of two `Dense` factors, and its spec says so.

    Parameters
    ----------
    out_features, in_features : int
        Shape.
    rank : int
        Inner size, at most the smaller side.
    device, dtype
        As for torch's layers.

    Raises
    ------
    ValueError
        If ``rank`` exceeds the smaller side.
    """

    def __init__(
        self,
        out_features: int,
        in_features: int,
        rank: int,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        out_features = checks.positive_int("out_features", out_features)
        in_features = checks.positive_int("in_features", in_features)
        rank = checks.positive_int("rank", rank, min(out_features, in_features))
        super().__init__(
            Dense(out_features, rank, device=device, dtype=dtype),
            Dense(rank, in_features, device=device, dtype=dtype),
        )
        self.rank = rank
