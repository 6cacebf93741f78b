"""How long operators take on a machine: times that `prodsumnet calibrate` measures.

A kind takes about ``calls·call + flops·flop + bytes·byte + far·max(0, bytes - 1 MiB)`` seconds,
with four constants for each task: applied to rows or to columns, or composed to a dense
matrix; with and without gradients. Near costs that were measured, the measured time counts for more
than the constants. Whoever has not calibrated gets what the developers measured, so that the same
seed gives the same numbers everywhere.
"""

import json
import math
import os
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import platformdirs
import torch

from prodsumnet.operators import (
    Adjoint,
    Constant,
    Convolution2d,
    Cost,
    Identity,
    Kronecker,
    LinearOperator,
    Transpose,
)
from prodsumnet.operators.materialized import Materialized

Task = Literal["rows", "columns", "dense"]

TASKS: tuple[Task, ...] = ("rows", "columns", "dense")

VARIABLE = "PRODSUMNET_RATES"
"""Environment variable that names another folder of calibrated rates."""

NEAR_BYTES = 2**20
"""What moves up to so many bytes is taken to stay in a cache."""

KRONECKER, IN_PLACE = "kronecker of ", "in place"

_WIDE, _NARROW = "chain of wide matrices", "chain of narrow matrices"

_ONE_CHANNEL = "convolution-2d of one channel"

_TRAINED, _FIXED = "matrices", "fixed matrices"

OTHER = "other"
"""Stands for kinds that were not measured."""

_FAR = math.log(4)
"""Logarithmic distance at which a measurement counts as much as the constants."""

_CLOSE = 0.01
"""Squared distance below which measurements count alike."""

_SHIPPED = Path(__file__).parent / "measured" / "cpu-float32-1.json"


@dataclass(frozen=True)
class Rate:
    """Seconds of one kind at one task.

    Parameters
    ----------
    call, flop, byte, far : float
        Seconds a call, an operation, a byte, and a byte more beyond the cache.
    points : tuple of (int, int, int, float), optional
        What was measured: vectors, calls, operations, bytes, seconds.

    Notes
    -----
    The constants are corrected by the mean of the measured logarithms of their errors, weighted
    with the inverse fourth power of the distance of the logarithms of vectors, calls, operations
    and bytes (Shepard 1968); the distance of a factor of four weighs as much as no correction.
    """

    call: float
    flop: float
    byte: float
    far: float
    points: tuple[tuple[int, int, int, int, float], ...] = ()

    def seconds(self, cost: Cost, batch: int) -> float:
        """Return the time that a cost stands for.

        Parameters
        ----------
        cost : Cost
            Of the evaluation.
        batch : int
            Of how many vectors.
        """
        places, errors = self._errors
        weights = (((places - _place(batch, cost)) ** 2).sum(1) + _CLOSE) ** -2
        correction = weights @ errors / (weights.sum() + _FAR**-4)
        return self._rough(cost) * math.exp(correction)

    def _rough(self, cost: Cost) -> float:
        constants = self.call, self.flop, self.byte, self.far
        return sum(a * b for a, b in zip(constants, quantities(cost), strict=True))

    @cached_property
    def _errors(self) -> tuple[np.ndarray, np.ndarray]:
        """Where was measured, and the logarithms of measured over predicted seconds."""
        places, errors = [], []
        for batch, calls, flops, moved, seconds in self.points:
            cost = Cost(flops, moved, calls)
            places.append(_place(batch, cost))
            errors.append(math.log(seconds / self._rough(cost)))
        return np.array(places).reshape(-1, 4), np.array(errors)


def quantities(cost: Cost) -> tuple[int, int, int, int]:
    """Return what the constants of a rate are multiplied by."""
    return max(1, cost.calls), cost.flops, cost.bytes, max(0, cost.bytes - NEAR_BYTES)


def _place(batch: int, cost: Cost) -> tuple[float, ...]:
    calls, flops, moved, _ = quantities(cost)
    return math.log(batch), math.log(calls), math.log(flops + 1), math.log(moved + 1)


@dataclass(frozen=True)
class Rates:
    """The rates of one device, precision and number of threads.

    Parameters
    ----------
    label : str
        Which these are.
    table : dict
        `Rate` of each kind, task, and whether gradients are wanted.
    """

    label: str
    table: dict[tuple[str, str, bool], Rate]

    def seconds(self, kind: str, task: Task, cost: Cost, batch: int, gradients: bool) -> float:
        """Return how long a kind takes for a task; gradients include the way back.

        Parameters
        ----------
        kind : str
            Of the operator, see `name`.
        task : str
            'rows', 'columns' or 'dense'.
        cost, batch
            As for `Rate.seconds`.
        gradients : bool
            Whether the gradients of input and numbers follow.
        """
        rate = self.table.get((kind, task, gradients))
        return (rate or self.table[OTHER, task, gradients]).seconds(cost, batch)


def name(operator: LinearOperator) -> str:
    """Return the name under which the rates of an operator's kind are kept.

    That of a Kronecker product is named by its factors', that of a chain of products by whether it
    copies vectors, and else by the size of its matrices: all make more of a difference than the
    arithmetic tells. A matrix that is not
    trained has no gradient to be computed, and so another rate than one that is. A convolution of
    one large image has other kernels in torch than one of many small ones.
    """
    if hasattr(operator, "in_place"):
        return IN_PLACE if operator.in_place else _WIDE if operator.wide else _NARROW
    if isinstance(operator, Kronecker):
        factors = {_factor(f) for f in operator} - {Identity.kind}
        if _TRAINED in factors:
            factors.discard(_FIXED)
        return KRONECKER + " and ".join(sorted(factors))
    if isinstance(operator, Adjoint | Transpose):
        return name(operator.operator)
    if isinstance(operator, Convolution2d) and operator.in_channels == 1:
        return _ONE_CHANNEL
    return operator.kind or type(operator).__name__


def _factor(operator: LinearOperator) -> str:
    """Return the name of a factor of a Kronecker product."""
    if isinstance(operator, Constant):
        return _FIXED
    return _TRAINED if isinstance(operator, Materialized) else name(operator)


def cost(operator: LinearOperator, batch: int, gradients: bool) -> Cost:
    """Return the cost of an operator as its rates see it.

    What some operators compose of their numbers is kept where no gradients are wanted.
    """
    total = operator.cost(batch)
    return total + getattr(operator, "composing", Cost()) if gradients else total


def folder() -> Path:
    """Return where calibrated rates are: ``$PRODSUMNET_RATES``, or in the user's cache."""
    given = os.environ.get(VARIABLE)
    return Path(given) if given else platformdirs.user_cache_path("prodsumnet") / "rates"


def file_name(device: torch.device, dtype: torch.dtype, threads: int) -> str:
    """Return the name of the file of rates for a device, a precision and a number of threads."""
    return f"{device.type}-{str(dtype.to_real()).removeprefix('torch.')}-{threads}.json"


def rates(device: torch.device, dtype: torch.dtype, threads: int) -> Rates:
    """Return the calibrated rates, or else those that are shipped, of one thread of a processor.

    Parameters
    ----------
    device, dtype, threads
        Where, in which precision and with how many threads operators will run.

    Raises
    ------
    ValueError
        If the file of calibrated rates is damaged.
    """
    calibrated = folder() / file_name(device, dtype, threads)
    if calibrated.is_file():
        return _read(calibrated, calibrated.stat().st_mtime_ns)
    return _read(_SHIPPED, 0)


def _rate(constants: list[float], points: list[list[float]]) -> Rate:
    call, flop, byte, far = map(float, constants)
    measured = [(int(b), int(c), int(f), int(m), float(s)) for b, c, f, m, s in points]
    return Rate(call, flop, byte, far, tuple(measured))


@cache
def _read(path: Path, changed: int) -> Rates:
    """Read a file of rates; ``changed`` tells versions of it apart."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        table = {
            (kind, task, gradients): _rate(**both[gradients])
            for kind, tasks in content["rates"].items()
            for task, both in tasks.items()
            for gradients in (False, True)
        }
        missing = [task for task in TASKS if (OTHER, task, True) not in table]
        if missing:
            raise ValueError(f"nothing for {OTHER!r} at {', '.join(missing)}")
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(
            f"{path} does not hold rates, measure them anew with `prodsumnet calibrate`: {error!r}"
        ) from error
    return Rates(path.stem, table)
