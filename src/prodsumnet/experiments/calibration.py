"""Measuring how long every kind of operator takes on this machine, for the planner."""

import itertools
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import scipy.optimize
import torch

from prodsumnet import families
from prodsumnet.evaluation import rates
from prodsumnet.evaluation.columns import transpositions
from prodsumnet.evaluation.planner import leaves
from prodsumnet.operators import Constant, Cost, Dense, LinearOperator, kinds
from prodsumnet.storage import write_text
from prodsumnet.training import keep_freed_memory

SIZES = (64, 256, 1024, 4096)
BATCHES = (1, 32, 256)

_SAMPLES, _COMPOSED = 4, 12
"""Most examples of a kind in one family at a size, and of what is composed in many ways."""

_KERNEL = 25
"""Numbers of the least expressions, such as a convolution with kernels of 5×5."""

_WIDEST = 16
"""How many times as wide as a layer what is measured of it may be: wider parts take minutes."""

_REPEATS = 3

_SECONDS = 0.002
"""How long one timing takes at least, in short calls."""

_LONGEST = 0.05
"""What takes longer, in seconds, is measured by two calls only."""

_CAUTION = 0.75
"""Share of the measurements that a cautious rate does not fall short of."""

Report = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Sample:
    """A measured time of a kind at a task, with the cost that the model sees."""

    kind: str
    task: rates.Task
    gradients: bool
    cost: Cost
    batch: int
    seconds: float


def calibrate(
    device: torch.device,
    dtype: torch.dtype,
    out: Path | None = None,
    report: Report | None = None,
    sizes: tuple[int, ...] = SIZES,
    batches: tuple[int, ...] = BATCHES,
) -> Path:
    """Measure the kinds of operators and write the rates where the planner looks for them.

    Parameters
    ----------
    device, dtype
        Where and in which precision.
    out : Path, optional
        Folder of the file; by default `prodsumnet.evaluation.rates.folder`.
    report : callable, optional
        Is told how many examples are measured, of how many, and which kind is next.
    sizes, batches
        Of the examples.

    Returns
    -------
    Path
        The file.
    """
    # Or a measurement would depend on what was measured before it.
    keep_freed_memory()
    samples: list[Sample] = []
    composed: set[str] = set()
    for operator in examples(sizes, device, report):
        samples += measure(operator.to(device, dtype), batches, device, dtype)
        # All chains of an expression have one dense matrix.
        if repr(operator) not in composed:
            composed.add(repr(operator))
            samples += measure_composing(operator, device, dtype)
    for size in sizes:
        samples += _between(size, batches, device, dtype)
    threads = torch.get_num_threads()
    content = {
        "device": device.type,
        "dtype": str(dtype).removeprefix("torch."),
        "threads": threads,
        "torch": torch.__version__,
        "rates": fit(samples),
    }
    path = (out or rates.folder()) / rates.file_name(device, dtype, threads)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(content, sort_keys=True) + "\n")
    return path


def examples(
    sizes: tuple[int, ...], device: torch.device, report: Report | None = None
) -> Iterator[LinearOperator]:
    """Yield nodes of the families' expressions, distinct ones, and matrices, trained and fixed.

    Parameters
    ----------
    sizes, device, report
        As for `calibrate`.
    """
    seen: dict[tuple[str, str, int], int] = defaultdict(int)
    known: set[tuple[str, str, Cost]] = set()
    for index, (size, name) in enumerate(grid := [*itertools.product(sizes, families.names())]):
        if report is not None:
            report(index, len(grid), f"{name} of {size} features")
        least, many = families.get(name).least(size, size), int(size**1.5)
        budgets = _KERNEL, size, 4 * size, many, 2 * many
        for budget in sorted({max(least, b) for b in budgets}):
            # Structure first, then fresh numbers without the calibration of their variance.
            spec = families.build(name, size, size, budget, device="meta").spec()
            for leaf in leaves(LinearOperator.from_spec(spec, device)):
                kind = rates.name(leaf)
                # Of one expression there may be several chains.
                key, way = (kind, name, size), (kind, repr(leaf), leaf.cost(1))
                most = _SAMPLES if leaf.kind in kinds.names() else _COMPOSED
                # What complex numbers cost follows from real ones.
                real = leaf.dtype is None or not leaf.dtype.is_complex
                slim = max(leaf.shape) <= _WIDEST * size
                if slim and real and way not in known and seen[key] < most:
                    known.add(way)
                    seen[key] += 1
                    yield leaf
    for rows, columns in itertools.product(sizes, (16, *sizes)):
        yield Dense(rows, columns, device=device)
        yield Constant(rows, columns, device=device)


def measure(
    operator: LinearOperator, batches: tuple[int, ...], device: torch.device, dtype: torch.dtype
) -> Iterator[Sample]:
    """Yield the times of an operator applied to rows and to columns."""
    numbers: list[torch.Tensor] = list(operator.parameters())
    kind, width = rates.name(operator), operator.in_features
    for batch, gradients in itertools.product(batches, (False, True)):
        rows = torch.randn(batch, width, dtype=dtype, device=device, requires_grad=gradients)
        columns = torch.randn(width, batch, dtype=dtype, device=device, requires_grad=gradients)
        cost = rates.cost(operator, batch, gradients)
        ways: list[tuple[rates.Task, Callable[..., torch.Tensor], torch.Tensor]] = [
            ("rows", operator._matvec, rows),
            ("columns", operator._matmat, columns),
        ]
        for task, apply, x in ways:
            seconds = _timed(lambda a=apply, x=x: a(x), [x, *numbers] if gradients else [])
            yield Sample(kind, task, gradients, cost, batch, seconds)


def measure_composing(
    operator: LinearOperator, device: torch.device, dtype: torch.dtype
) -> Iterator[Sample]:
    """Yield the times that the dense matrix of an operator takes, if it is not too large."""
    numbers: list[torch.Tensor] = list(operator.parameters())
    kind, entries = rates.name(operator), operator.out_features * operator.in_features
    for gradients in (False, True):
        if entries <= 2**24 and (numbers or not gradients):
            cost = Cost(operator.cost(min(operator.shape)).flops, 4 * entries, 1)
            seconds = _timed(
                lambda: operator._to_dense(dtype, device), numbers if gradients else []
            )
            yield Sample(kind, "dense", gradients, cost, min(operator.shape), seconds)


def _between(
    size: int, batches: tuple[int, ...], device: torch.device, dtype: torch.dtype
) -> Iterator[Sample]:
    """Yield the times of what lies between kernels: additions, and two transpositions."""
    for batch, gradients in itertools.product(batches, (False, True)):
        x = torch.randn(batch, size, dtype=dtype, device=device, requires_grad=gradients)
        n = batch * size
        turns = transpositions(batch, size, size)
        for kind, cost, vectors, act in (
            ("moving", Cost.elementwise(2 * n, n), 1, lambda x=x: x + x),
            ("moving", Cost.elementwise(n, n), 1, lambda x=x: x * 2),
            ("transpositions", turns, batch, lambda x=x: (2 * x.mT.contiguous()).mT.contiguous()),
        ):
            seconds = _timed(act, [x] if gradients else [])
            for task in rates.TASKS:
                yield Sample(kind, task, gradients, cost, vectors, seconds)


def _timed(act: Callable[[], torch.Tensor], wanted: list[torch.Tensor]) -> float:
    """Return the least seconds of a call, with its gradients if some are wanted.

    Whatever else the machine does makes it longer, now and then by a factor of two for a while.
    """

    def once() -> None:
        if wanted:
            y = act()
            if y.requires_grad:
                torch.autograd.grad(y, wanted, torch.ones_like(y), allow_unused=True)
        else:
            with torch.no_grad():
                act()

    started = time.perf_counter()
    once()
    first = time.perf_counter() - started
    if first > _LONGEST:
        started = time.perf_counter()
        once()
        return min(first, time.perf_counter() - started)
    calls = max(1, int(_SECONDS / max(first, 1e-6)))
    times = []
    for _ in range(_REPEATS):
        started = time.perf_counter()
        for _ in range(calls):
            once()
        times.append((time.perf_counter() - started) / calls)
    return min(times)


def fit(samples: list[Sample]) -> dict[str, dict[str, list[dict[str, list]]]]:
    """Return constants and measurements of every kind and task, forward and with gradients.

    The constants are the non-negative ones with the least squares of relative errors (Lawson &
    Hanson 1974).
    """
    found = sorted({sample.kind for sample in samples})
    engine = _engine(samples)
    result: dict[str, dict[str, list[dict[str, list]]]] = {}
    for kind in [rates.OTHER, *found]:
        own = samples if kind == rates.OTHER else [s for s in samples if s.kind == kind]
        result[kind] = {}
        for task in rates.TASKS:
            forward, training = (
                [s for s in own if s.task == task and s.gradients is gradients]
                for gradients in (False, True)
            )
            if forward:
                # What has no numbers is never composed with gradients.
                after = [_without(s, engine, forward) for s in training] or forward
                result[kind][task] = [_rate(kind, tries) for tries in (forward, after)]
    return result


def _engine(samples: list[Sample]) -> float:
    """Return the seconds that asking for gradients takes at all, once for any expression."""
    least = {
        gradients: min(
            s.seconds for s in samples if s.kind == "moving" and s.gradients is gradients
        )
        for gradients in (False, True)
    }
    return max(0.0, least[True] - 2 * least[False])


def _without(sample: Sample, engine: float, forward: list[Sample]) -> Sample:
    """Return a measurement without what is paid once for a whole expression."""
    least = min(s.seconds for s in forward)
    return replace(sample, seconds=max(sample.seconds - engine, least))


def _rate(kind: str, samples: list[Sample]) -> dict[str, list]:
    rows = np.array([rates.quantities(s.cost) for s in samples], dtype=float)
    times = np.array([s.seconds for s in samples])
    scale = rows.max(axis=0)
    scale[scale == 0] = 1
    relative = rows / scale / times[:, None]
    solution, _ = scipy.optimize.nnls(relative, np.ones(len(samples)))
    alike = kind in (*kinds.names(), "moving", "transpositions")
    varied = not alike and kind != rates.IN_PLACE and not kind.startswith(rates.KRONECKER)
    # What differs more within a name than its cost tells is priced high rather than low.
    caution = np.quantile(1 / (relative @ solution), _CAUTION) if varied else 1.0
    kept = [] if kind == rates.OTHER else samples
    return {
        "constants": [float(f"{value:.4g}") for value in caution * solution / scale],
        "points": [
            [s.batch, s.cost.calls, s.cost.flops, s.cost.bytes, float(f"{s.seconds:.3g}")]
            for s in kept
        ],
    }
