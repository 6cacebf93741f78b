"""Tensor-train decompositions (Oseledets 2011)."""

from collections.abc import Sequence

import torch
from torch.nn import functional

_ENOUGH = 1e-8
_ROUNDING = 1e-6

Cores = list[torch.Tensor]
"""Each ``(left, size, right)``."""


def tensor_train(tensor: torch.Tensor, ranks: Sequence[int], sweeps: int) -> Cores:
    """Return the cores of a tensor train of given ranks.

    By truncated singular value decompositions one after the other (Oseledets 2011), whose error is
    at most the root of the number of ranks times the least, and then so many sweeps at most
    to and fro in which each core is the best one for the others (Holtz, Rohwedder & Schneider
    2012), which orthonormal bases on both of its sides make a product.
    """
    cores: Cores = []
    rest, left = tensor, 1
    for size, rank in zip(tensor.shape, ranks, strict=False):
        unfolding = rest.reshape(left * size, -1)
        basis = _basis(unfolding, rank)
        cores.append(basis.reshape(left, size, rank))
        rest, left = basis.mH @ unfolding, rank
    cores.append(rest.reshape(left, tensor.shape[-1], 1))
    # Two cores are the best already.
    if len(cores) == 2 or not sweeps:
        return cores
    whole, kept = tensor.abs().square().sum().item(), 0.0
    last_kept = cores[-1].abs().square().sum().item()
    for _ in range(sweeps):
        if whole - last_kept <= 0 or last_kept - kept <= _ENOUGH * whole:
            break
        _sweep(tensor, cores)
        kept, last_kept = last_kept, cores[-1].abs().square().sum().item()
    return cores


def _sweep(tensor: torch.Tensor, cores: Cores) -> None:
    """Renew every core but the last on the way to the first one, and all of them on the way back.

    The last one holds the norm before and afterwards; those before it have orthonormal columns.
    """
    for k in range(len(cores) - 1, 0, -1):
        core = _best(tensor, cores, k)
        left, size, right = core.shape
        basis = torch.linalg.qr(core.reshape(left, size * right).mH)[0]
        cores[k] = _columns(basis, left).mH.reshape(left, size, right)
    for k in range(len(cores) - 1):
        core = _best(tensor, cores, k)
        left, size, right = core.shape
        basis = torch.linalg.qr(core.reshape(left * size, right))[0]
        cores[k] = _columns(basis, right).reshape(left, size, right)
    cores[-1] = _best(tensor, cores, len(cores) - 1)


def _best(tensor: torch.Tensor, cores: Cores, k: int) -> torch.Tensor:
    """Return the best core between orthonormal ones."""
    before = tensor.new_ones(1, 1)
    for core in cores[:k]:
        before = (before @ core.flatten(1)).reshape(-1, core.shape[2])
    after = tensor.new_ones(1, 1)
    for core in reversed(cores[k + 1 :]):
        after = (core.flatten(0, 1) @ after).reshape(core.shape[0], -1)
    size = tensor.shape[k]
    inner = before.mH @ tensor.reshape(len(before), -1)
    core = inner.reshape(-1, after.shape[1]) @ after.mH
    return core.reshape(before.shape[1], size, len(after))


def _basis(matrix: torch.Tensor, rank: int) -> torch.Tensor:
    """Return an orthonormal basis of the first left singular vectors, zeros behind those there are.

    The singular vectors of the shorter side are eigenvectors of its small Gram matrix, whose
    rounding does not matter beside what is cut off, unless that is hardly anything.
    """
    rows, columns = matrix.shape
    if rank >= rows:
        return _columns(torch.eye(rows, dtype=matrix.dtype, device=matrix.device), rank)
    if rank >= columns:
        return _columns(torch.linalg.qr(matrix)[0], rank)
    wide = rows <= columns
    values, vectors = torch.linalg.eigh(matrix @ matrix.mH if wide else matrix.mH @ matrix)
    energies = values.tolist()
    if sum(energies[:-rank]) > _ROUNDING * sum(energies):
        leading = vectors[:, -rank:]
        return leading if wide else torch.linalg.qr(matrix @ leading)[0]
    return torch.linalg.svd(matrix, full_matrices=False)[0][:, :rank]


def _columns(matrix: torch.Tensor, count: int) -> torch.Tensor:
    """Return the first columns of a matrix, or all of them and zeros."""
    return functional.pad(matrix[:, :count], (0, max(0, count - matrix.shape[1])))
