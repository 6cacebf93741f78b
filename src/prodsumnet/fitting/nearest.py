"""The nearest operator of a given expression to a dense matrix."""

import torch

from prodsumnet.fitting.metric import Metric
from prodsumnet.fitting.objective import Objective, wide, widened
from prodsumnet.fitting.report import Fit
from prodsumnet.fitting.search import Search
from prodsumnet.numerics import checks
from prodsumnet.operators import LinearOperator, check_operator


def fit(
    operator: LinearOperator,
    target: torch.Tensor,
    metric: Metric | None = None,
    *,
    restarts: int = 0,
    seed: int = 0,
    max_iterations: int = 100,
    tolerance: float = 1e-6,
    polish: bool = True,
) -> Fit:
    r"""Set the numbers of an operator so that it is as near to a dense matrix as can be found.

    Minimises :math:`\|W(\theta) - T\|`. In order: the closed form of the expression's structure
    if there is one, the nearest operator in itself for some; alternating least squares over the
    leaves, in whose numbers one at a time every expression is linear; damped Gauss-Newton steps
    in all numbers, or L-BFGS where they are many. Arithmetic is in 64 bits whatever the
    operator's type, only improving steps are taken, and the operator is left as it was if nothing
    better is found.

    Parameters
    ----------
    operator : LinearOperator
        The expression; its numbers are changed in place. Parameters that require no gradient stay.
    target : Tensor
        The dense matrix :math:`T`, ``(out_features, in_features)``, real or complex.
    metric : Metric, optional
        How differences are weighted; by default not, which is the Frobenius norm.
    restarts : int, optional
        How many more starts to try from random numbers.
    seed : int, optional
        Of the random numbers; torch's global state is neither used nor changed.
    max_iterations : int, optional
        Most iterations from each start: sweeps, Gauss-Newton steps, or ten steps of L-BFGS. With
        zero only closed forms are tried, for tensor trains the truncated singular value
        decompositions without the sweeps that improve them.
    tolerance : float, optional
        A start has converged when an iteration lowers the error by less than this share of it.
    polish : bool, optional
        Whether to go on in all numbers together where alternating becomes slow, and in numbers
        that the expression is not linear in.

    Returns
    -------
    Fit
        The errors and how they were reached.

    Raises
    ------
    TypeError
        If an argument has the wrong type.
    ValueError
        If the target's or the metric's shape is not the operator's, the target is not finite, or
        a setting is out of range.
    """
    goal = _checked(check_operator(operator), target)
    metric = _checked_metric(operator, metric)
    restarts = checks.bounded_int("restarts", restarts, 0, 1000)
    seed = checks.seed_int(seed)
    limit = checks.bounded_int("max_iterations", max_iterations, 0, 10**6)
    if (
        isinstance(tolerance, bool)
        or not isinstance(tolerance, int | float)
        or not (0 <= tolerance < 1)
    ):
        raise ValueError(f"tolerance must lie in [0, 1), got {checks.show(tolerance)}")
    device = next(iter(operator.parameters()), goal).device
    objective = Objective(wide(operator), goal.to(device), metric)
    if not objective.count:
        return Fit(objective.start, (objective.start,), True, "unchanged")
    search = Search(objective, limit, float(tolerance), polish)
    try:
        search.run(operator, metric, restarts, seed)
    except BaseException:
        search.give_up()
        raise
    return search.hand_over(operator)


def _checked(operator: LinearOperator, target: object) -> torch.Tensor:
    if not isinstance(target, torch.Tensor):
        raise TypeError(f"the target must be a tensor, got {type(target).__name__}")
    if not (target.is_floating_point() or target.is_complex()):
        raise TypeError(f"the target must be a floating or complex tensor, got {target.dtype}")
    if tuple(target.shape) != operator.shape:
        raise ValueError(
            f"the target of a {operator.shape[0]}×{operator.shape[1]} operator must be of that "
            f"shape, got {tuple(target.shape)}"
        )
    # The sum is cheap and finite as a rule.
    bad = 0 if target.sum().isfinite() else int((~target.isfinite()).sum())
    if bad:
        raise ValueError(f"the target must be finite, {bad} of its numbers are not")
    return widened(target.detach())


def _checked_metric(operator: LinearOperator, metric: object) -> Metric:
    if metric is None:
        return Metric()
    if not isinstance(metric, Metric):
        raise TypeError(f"metric must be a Metric or None, got {type(metric).__name__}")
    for side, size in zip(("left", "right"), operator.shape, strict=True):
        matrix = getattr(metric, side)
        if matrix is not None and len(matrix) != size:
            raise ValueError(
                f"{side} of the metric must be {size}×{size} for a "
                f"{operator.shape[0]}×{operator.shape[1]} operator, got {tuple(matrix.shape)}"
            )
    return metric
