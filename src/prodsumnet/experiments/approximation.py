"""How many steps between neighbours a matrix needs: locally connected products fitted to it."""

from collections.abc import Sequence

import torch

from prodsumnet import families
from prodsumnet.experiments.record import Written, surroundings
from prodsumnet.numerics import checks
from prodsumnet.operators import DCT, LinearOperator, Permutation
from prodsumnet.training import Settings

_LEARNING_RATE = 0.03
_MAX_STEPS = 16
_ADAM_STEPS = 1500
_POLISHING_STEPS = 2000


class Attempt(Settings):
    """The relative errors in the Frobenius norm that a number of steps reached, one each start."""

    steps: int
    trainable: int
    errors: list[float]


class Approximation(Written):
    """Locally connected products of growing length, fitted to one matrix."""

    command: str
    target: str
    size: int
    graph: str
    rows: list[Attempt]
    threads: int
    finished: str
    versions: dict[str, str]


def approximate_locally(
    target: str, size: int, graph: str, steps: Sequence[int], seeds: int, command: str
) -> Approximation:
    """Fit products of nearest-neighbour matrices to a permutation or the DCT (Wu 2011).

    In float64, from random numbers; every start has its own.

    Parameters
    ----------
    target : {'permutation', 'dct'}
        A random permutation (seed 0), or the orthonormal DCT-II.
    size : int
        Number of nodes.
    graph : {'line', 'ring'}
        Which nodes are neighbours.
    steps : sequence of int
        Lengths of the products.
    seeds : int
        How many starts for each.
    command : str
        The command to be recorded.

    Raises
    ------
    TypeError, ValueError
        If an argument is not valid.
    """
    size = checks.positive_int("size", size, 1024)
    seeds = checks.positive_int("seeds", seeds, 1000)
    targets: dict[str, LinearOperator] = {"permutation": Permutation(size), "dct": DCT(size)}
    if target not in targets:
        raise ValueError(f"target must be permutation or dct, got {checks.show(target)}")
    matrix = targets[target].to_dense(torch.float64)
    lengths = [checks.positive_int("steps", count, _MAX_STEPS) for count in steps]
    rows = [_attempt(matrix, graph, count, seeds) for count in lengths]
    return Approximation(
        command=command, target=target, size=size, graph=graph, rows=rows, **surroundings()
    )


def _attempt(matrix: torch.Tensor, graph: str, steps: int, seeds: int) -> Attempt:
    errors, size, trainable = [], len(matrix), 0
    for seed in range(seeds):
        torch.manual_seed(seed)
        operator = families.build(
            "locally-connected",
            size,
            size,
            size * size * steps,
            dtype=torch.float64,
            graph=graph,
            steps=steps,
        )
        trainable = operator.num_trainable
        errors.append(_fit(operator, matrix))
    return Attempt(steps=steps, trainable=trainable, errors=errors)


def _fit(operator: LinearOperator, matrix: torch.Tensor) -> float:
    """Fit the numbers of an operator to a matrix and return the relative error.

    By Adam, which gets past the many saddles of a long product, and then L-BFGS.
    """
    parameters = list(operator.parameters())

    def loss() -> torch.Tensor:
        for parameter in parameters:
            parameter.grad = None
        value = (operator.to_dense() - matrix).square().sum()
        value.backward()
        return value

    adam = torch.optim.Adam(parameters, lr=_LEARNING_RATE, betas=(0.9, 0.99))
    for step in range(_ADAM_STEPS):
        adam.param_groups[0]["lr"] = _LEARNING_RATE * (1 - step / _ADAM_STEPS)
        loss()
        adam.step()
    polish = torch.optim.LBFGS(
        parameters,
        max_iter=_POLISHING_STEPS,
        tolerance_grad=1e-12,
        tolerance_change=1e-15,
        history_size=50,
        line_search_fn="strong_wolfe",
    )
    polish.step(loss)  # pyright: ignore[reportArgumentType]
    with torch.no_grad():
        return ((operator.to_dense() - matrix).norm() / matrix.norm()).item()
