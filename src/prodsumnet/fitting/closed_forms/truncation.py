"""Truncated singular value decompositions as pairs of factors."""

import torch


def balanced_factors(matrix: torch.Tensor, rank: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the two factors of the nearest matrix of a rank, both of the same norm.

    Parameters
    ----------
    matrix : Tensor
        ``(..., m, n)``.
    rank : int
        Inner size of the factors; beyond the smaller side, they are filled up with zeros.

    Returns
    -------
    (Tensor, Tensor)
        ``(..., m, rank)`` and ``(..., rank, n)``.
    """
    u, s, v = torch.linalg.svd(matrix, full_matrices=False)
    root = s[..., :rank].sqrt().to(matrix.dtype)
    left, right = u[..., :rank] * root[..., None, :], root[..., :, None] * v[..., :rank, :]
    missing = rank - root.shape[-1]
    if missing > 0:
        left = torch.nn.functional.pad(left, (0, missing))
        right = torch.nn.functional.pad(right, (0, 0, 0, missing))
    return left, right
