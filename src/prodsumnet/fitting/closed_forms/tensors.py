"""Canonical and Tucker decompositions of tensors (Kolda & Bader 2009).

Both go on while a sweep lowers the squared error by more than a share of the tensor's.
"""

from collections.abc import Sequence
from functools import reduce

import torch

_SWEEPS = 100
_ENOUGH = 1e-8
_RIDGE = 1e-13


def unfolded(tensor: torch.Tensor, mode: int) -> torch.Tensor:
    """Return the matrix of a tensor whose rows are one of its axes."""
    return tensor.movedim(mode, 0).flatten(1)


def leading_vectors(tensor: torch.Tensor, mode: int, rank: int) -> torch.Tensor:
    """Return the first left singular vectors of an unfolding, ``(size, rank)``."""
    matrix = unfolded(tensor, mode)
    vectors = torch.linalg.eigh(matrix @ matrix.mH)[1]
    return vectors[:, -rank:].flip(1)


def multiplied(
    tensor: torch.Tensor, matrices: Sequence[torch.Tensor | None], skip: int = -1
) -> torch.Tensor:
    """Multiply every axis of a tensor but one by a matrix of its own, ``(new, old)``."""
    for mode, matrix in enumerate(matrices):
        if matrix is not None and mode != skip:
            moved = tensor.movedim(mode, 0)
            image = (matrix @ moved.flatten(1)).unflatten(1, moved.shape[1:])
            tensor = image.movedim(0, mode)
    return tensor


def canonical(tensor: torch.Tensor, rank: int, generator: torch.Generator) -> list[torch.Tensor]:
    r"""Return the factors of a sum of outer products, each ``(size, rank)``, by alternation.

    :math:`T \approx \sum_r a_{1r} \otimes \dots \otimes a_{dr}` (Harshman 1970; Carroll & Chang
    1970), from singular vectors of the unfoldings, and random ones where those are too few.
    """
    factors = []
    for mode, size in enumerate(tensor.shape):
        vectors = leading_vectors(tensor, mode, min(rank, size))
        more = torch.randn(size, rank - vectors.shape[1], generator=generator, dtype=torch.float64)
        factors.append(torch.cat((vectors, more.to(vectors)), 1))
    whole = tensor.abs().square().sum().item()
    error = float("inf")
    for _ in range(_SWEEPS):
        last, error = error, whole + _renewed(tensor, factors)
        if not last - error > _ENOUGH * whole:
            break
    return _balanced(factors)


def _renewed(tensor: torch.Tensor, factors: list[torch.Tensor]) -> float:
    r"""Renew every factor by least squares; return :math:`\|M\|^2 - 2 \Re \langle T, M \rangle`.

    Half of the factors need the tensor multiplied by the other half, which is the same for all of
    them, so that the whole tensor is read twice (Phan, Tichavský & Cichocki 2013).
    """
    count = len(factors)
    first, last = range(count // 2), range(count // 2, count)
    matrix = tensor.flatten(last[0]).flatten(0, last[0] - 1)
    grams = [factor.mT @ factor.conj() for factor in factors]
    image = gram = tensor
    for modes, others, unfolding in ((first, last, matrix), (last, first, matrix.mT)):
        partial = unfolding @ _khatri_rao([factors[k] for k in others])
        partial = partial.view(*(tensor.shape[k] for k in modes), -1)
        for mode in modes:
            image = _against_others(partial, factors, modes, mode)
            gram = reduce(torch.mul, grams[:mode] + grams[mode + 1 :])
            factors[mode] = _solved(gram, image)
            grams[mode] = factors[mode].mT @ factors[mode].conj()
    product = (factors[-1].conj() * image).sum().real.item()
    return (gram * grams[-1]).sum().real.item() - 2 * product


def _against_others(
    partial: torch.Tensor, factors: Sequence[torch.Tensor], modes: range, mode: int
) -> torch.Tensor:
    """Return sums against the factors of all modes but one; the last axis is that of the terms."""
    for k in reversed(modes):
        if k > mode:
            partial = (partial * factors[k].conj()).sum(-2)
        elif k < mode:
            partial = (partial * factors[k].conj()[:, None]).sum(-3)
    return partial


def _khatri_rao(factors: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return the conjugate outer products of the columns of some factors, as columns."""
    product = reduce(lambda left, right: (left[:, None] * right).flatten(0, 1), factors)
    return product.conj()


def _solved(gram: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
    """Return ``X`` with ``X gram = image``."""
    ridge = _RIDGE * gram.diagonal().abs().max() + torch.finfo(gram.dtype).tiny
    ridged = gram + ridge * torch.eye(len(gram), dtype=gram.dtype, device=gram.device)
    return torch.linalg.solve(ridged.mT, image.mT).mT


def _balanced(factors: list[torch.Tensor]) -> list[torch.Tensor]:
    """Share the size of each term equally among its vectors."""
    norms = torch.stack([factor.norm(dim=0) for factor in factors])
    size = norms.prod(0) ** (1 / len(factors))
    scales = torch.where(norms > 0, size / norms.clamp(min=torch.finfo(norms.dtype).tiny), 0.0)
    return [factor * scale for factor, scale in zip(factors, scales, strict=True)]


def tucker(
    tensor: torch.Tensor, ranks: Sequence[int]
) -> tuple[torch.Tensor, list[torch.Tensor | None]]:
    """Return the core and a matrix for each axis, ``(size, rank)`` with orthonormal columns.

    By higher-order orthogonal iteration (De Lathauwer, De Moor & Vandewalle 2000). An axis of full
    rank has None.
    """
    modes = [mode for mode, rank in enumerate(ranks) if rank < tensor.shape[mode]]
    bases: list[torch.Tensor | None] = [None] * tensor.dim()
    for mode in modes:
        bases[mode] = leading_vectors(tensor, mode, ranks[mode])
    whole, kept = tensor.abs().square().sum().item(), 0.0
    for _ in range(_SWEEPS if len(modes) > 1 else 1):
        for mode in modes:
            reduced = multiplied(tensor, _adjoints(bases), skip=mode)
            bases[mode] = leading_vectors(reduced, mode, ranks[mode])
        core = multiplied(tensor, _adjoints(bases))
        last, kept = kept, core.abs().square().sum().item()
        if kept - last <= _ENOUGH * whole:
            break
    return multiplied(tensor, _adjoints(bases)), bases


def _adjoints(bases: Sequence[torch.Tensor | None]) -> list[torch.Tensor | None]:
    return [None if basis is None else basis.mH for basis in bases]
