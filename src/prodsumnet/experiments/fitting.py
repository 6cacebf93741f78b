"""How near every family comes to real matrices: weights of trained networks, and images."""

from collections.abc import Callable, Sequence
from typing import cast

import torch
from torch.nn import functional

from prodsumnet import data, families, storage
from prodsumnet.experiments.record import Written, surroundings
from prodsumnet.fitting import fit
from prodsumnet.nn import Structured
from prodsumnet.numerics import checks
from prodsumnet.training import Settings


class FamilyFit(Settings):
    """What a family came to within a budget.

    Attributes
    ----------
    trainable : int
        How many numbers it had.
    error : float
        Relative error in the Frobenius norm.
    method : str
        What found the numbers, see `prodsumnet.fitting.Fit`.
    iterations : int
        After how many.
    """

    family: str
    budget: int
    trainable: int
    error: float
    method: str
    iterations: int
    converged: bool


class FamilyFits(Written):
    """The fits of all families to one matrix."""

    command: str
    matrix: str
    shape: list[int]
    rows: list[FamilyFit]
    skipped: dict[str, str]
    threads: int
    finished: str
    versions: dict[str, str]


def fit_families(matrix: str, shares: Sequence[float], iterations: int, command: str) -> FamilyFits:
    """Fit every family to a matrix, at budgets that are shares of the number of its entries.

    In float64, from the numbers of seed 0. Families with fixed or no useful numbers within a
    budget are named in ``skipped``, with the reason.

    Parameters
    ----------
    matrix : str
        One of `real_matrices`.
    shares : sequence of float
        Between 0 and 1.
    iterations : int
        Most iterations of a fit.
    command : str
        The command to be recorded.

    Raises
    ------
    TypeError, ValueError
        If an argument is not valid.
    """
    if matrix not in MATRICES:
        raise ValueError(f"matrix must be one of {', '.join(MATRICES)}, got {checks.show(matrix)}")
    for share in shares:
        if not 0 < share <= 1:
            raise ValueError(f"a share must lie in (0, 1], got {share}")
    target = MATRICES[matrix]()
    rows, skipped = [], {}
    for name in families.names():
        for share in shares:
            budget = int(share * target.numel())
            row = _fit(name, target, budget, iterations)
            if isinstance(row, str):
                skipped[f"{name} {budget}"] = row
            else:
                rows.append(row)
    return FamilyFits(
        command=command,
        matrix=matrix,
        shape=list(target.shape),
        rows=rows,
        skipped=skipped,
        **surroundings(),
    )


def _fit(name: str, target: torch.Tensor, budget: int, iterations: int) -> FamilyFit | str:
    out_features, in_features = target.shape
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        try:
            operator = families.build(name, out_features, in_features, budget, dtype=torch.float64)
        except ValueError as error:
            return str(error)
    found = fit(operator, target, max_iterations=iterations, tolerance=1e-3)
    return FamilyFit(
        family=name,
        budget=budget,
        trainable=operator.num_trainable,
        error=found.error,
        method=found.method,
        iterations=found.iterations,
        converged=found.converged,
    )


def _weight(network: str, position: int) -> torch.Tensor:
    """Return the matrix of a layer of a shipped network, outputs by inputs."""
    layer = cast(Structured, list(storage.load(network))[position])
    return layer.operator.to_dense(torch.float64).detach()


def _digits() -> torch.Tensor:
    """Return the first 64 test images of MNIST as rows, their sides halved."""
    images = data.load("mnist").test_images[:64].double() / 255
    return functional.avg_pool2d(images, 2).flatten(1)


def _mosaic() -> torch.Tensor:
    """Return the next four of them as one picture."""
    images = data.load("mnist").test_images[64:68, 0].double() / 255
    return images.reshape(2, 2, 28, 28).transpose(1, 2).reshape(56, 56)


MATRICES: dict[str, Callable[[], torch.Tensor]] = {
    "fashion-convolution": lambda: _weight("fashion-10k", 4),
    "mnist-convolution": lambda: _weight("mnist-10k", 10),
    "mnist-linear": lambda: _weight("mnist-3554", 12),
    "digits": _digits,
    "mosaic": _mosaic,
}
"""Kernel matrices of two convolutions, 31×279; a last layer, 10×1024; images as rows, 64×196; one
picture, 56×56."""


def real_matrices() -> tuple[str, ...]:
    """Return the names of the matrices that there are."""
    return tuple(MATRICES)
