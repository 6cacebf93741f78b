"""One line: torch's layer, ours in every strategy, and the peers, timed against each other."""

from collections.abc import Callable, Mapping
from importlib import metadata

import torch
from torch import nn

from prodsumnet.experiments.benchmark.case import BASELINE, Subject
from prodsumnet.experiments.benchmark.measurement import Measurement
from prodsumnet.experiments.benchmark.peers import PEERS
from prodsumnet.experiments.benchmark.selection import Line
from prodsumnet.experiments.benchmark.stopwatch import Timing, interleaved
from prodsumnet.training import keep_freed_memory

_SEED = 0


def measure(line: Line, seconds: float, cold: int, command: str) -> Measurement:
    """Measure one line with the threads that torch has now.

    Parameters
    ----------
    line : Line
        What to measure.
    seconds : float
        About how long each contender is measured in each of the two modes.
    cold : int
        Bytes to be gone through before each call, to empty the caches; 0 leaves them hot.
    command : str
        The command to be recorded.
    """
    # Or a measurement would depend on how large the tensors were that others freed before.
    kept_memory = keep_freed_memory()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        subject = line.case.build(line.size)
        inputs = torch.randn(subject.sample(line.batch), dtype=subject.dtype)
        peers, missing = _peers(line.case.name, subject, inputs)
    others = {BASELINE: subject.baseline, **subject.rivals}
    versions = {name: metadata.version(name) for name in peers}
    evict = _evict(cold) if cold else None
    ways = {gradients: subject.strategies(line.batch, gradients) for gradients in (False, True)}

    def contenders(gradients: bool) -> dict[str, nn.Module]:
        names, _ = ways[gradients]
        return {**others, **{name: subject.layer(name) for name in names}, **peers}

    forward = _forward(contenders(False), inputs, seconds, evict)
    for name in [name for name, peer in peers.items() if not getattr(peer, "trains", True)]:
        del peers[name]
        missing[f"{name}, training"] = "it gives no gradients"
    cost = subject.cost(line.batch)
    return Measurement(
        command=command,
        case=line.case.name,
        size=line.size,
        batch=line.batch,
        family=line.case.family,
        formula=repr(subject.operator),
        trainable=subject.operator.num_trainable,
        flops=cost.flops,
        bytes=cost.bytes,
        threads=torch.get_num_threads(),
        caches="cold" if cold else "hot",
        kept_memory=kept_memory,
        seconds=seconds,
        explanation=str(subject.explain(line.batch, False)),
        choices={
            "forward": subject.choice(line.batch, False),
            "training": subject.choice(line.batch, True),
        },
        strategies=list(dict.fromkeys([*ways[False][0], *ways[True][0]])),
        hopeless={"forward": ways[False][1], "training": ways[True][1]},
        forward=forward,
        training=_training(contenders(True), inputs, seconds, evict),
        peers=versions,
        missing=missing,
    )


def _peers(
    case: str, subject: Subject, inputs: torch.Tensor
) -> tuple[dict[str, nn.Module], dict[str, str]]:
    """Return the peers that implement a case, and why others that do are missing."""
    found, missing = {}, {}
    for peer in PEERS:
        if case in peer.builders:
            try:
                module = peer.builders[case](subject.operator)
                module(inputs)
            except ModuleNotFoundError as error:
                missing[peer.name] = str(error)
            except Exception as error:  # Whatever another package does is to be told.
                missing[peer.name] = f"it fails: {type(error).__name__}: {error}"
            else:
                found[peer.name] = module
    return found, missing


def _forward(
    contenders: Mapping[str, nn.Module],
    inputs: torch.Tensor,
    seconds: float,
    evict: Callable[[], object] | None,
) -> list[Timing]:
    def call(module: nn.Module) -> Callable[[], object]:
        module.eval()
        return lambda: module(inputs)

    with torch.no_grad():
        calls = {name: call(module) for name, module in contenders.items()}
        return interleaved(calls, seconds, evict)


def _training(
    contenders: Mapping[str, nn.Module],
    inputs: torch.Tensor,
    seconds: float,
    evict: Callable[[], object] | None,
) -> list[Timing]:
    inputs = inputs.detach().requires_grad_()

    def call(module: nn.Module) -> Callable[[], object]:
        module.train()
        wanted = [inputs, *module.parameters()]
        upstream = torch.ones_like(module(inputs))
        return lambda: torch.autograd.grad(module(inputs), wanted, upstream)

    return interleaved({name: call(m) for name, m in contenders.items()}, seconds, evict)


def _evict(size: int) -> Callable[[], object]:
    buffer = torch.zeros(size // 4)
    return lambda: buffer.add_(1)
