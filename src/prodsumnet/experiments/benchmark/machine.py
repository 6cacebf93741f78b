"""The machine: what it is, and the rates that bound every measurement."""

import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from prodsumnet.experiments.record import Written, surroundings

_GEMM = 2048
_REPETITIONS = 7
_LAST_CACHE = 2**25
"""Bytes of a last-level cache, where the system does not say."""


class Machine(Written):
    """The machine and its measured limits, for the threads used.

    Attributes
    ----------
    processor : str
        Model of the processor.
    instructions : str
        The instruction set that torch uses.
    last_cache : int
        Bytes of the largest cache.
    flops : float
        Operations a second of a square matrix product of 2048.
    memory, cache : float
        Bytes a second, read and written, of copies that do not fit the largest cache, and of
        copies that fit it four times.
    """

    processor: str
    instructions: str
    cores: int
    threads: int
    last_cache: int
    flops: float
    memory: float
    cache: float
    versions: dict[str, str]


def measure_machine() -> Machine:
    """Measure peak arithmetic and bandwidth with the threads that torch has now: the best of a few.

    Random numbers are drawn from a generator of their own.
    """
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, _GEMM, _GEMM, generator=generator)
    c = torch.empty_like(a)
    large = last_cache()
    return Machine(
        flops=2 * _GEMM**3 / _best(lambda: torch.mm(a, b, out=c)),
        memory=_copying(4 * large),
        cache=_copying(large // 8),
        **_words(),
    )


def check_same(machine: Machine, path: Path) -> None:
    """Refuse to add measurements to those of another machine or of other versions.

    Raises
    ------
    ValueError
        If they differ; the message says in what.
    """
    for name, value in _words().items():
        kept = getattr(machine, name)
        if kept != value:
            raise ValueError(
                f"{path} is of another machine: its {name} is {kept}, here {value}; "
                "take another folder with --out"
            )


def read_machine(path: Path) -> Machine:
    """Read what `measure_machine` found and was written.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is not such a file.
    """
    try:
        return Machine.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ValueError(f"{path} is not a machine's: {error.errors()[0]['msg']}") from error


def last_cache() -> int:
    """Return the bytes of the largest cache, 32 MiB if the system does not say."""
    sizes = [_LAST_CACHE]
    for path in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"):
        text = path.read_text().strip()
        sizes.append(int(text.rstrip("KMG")) << {"K": 10, "M": 20, "G": 30}.get(text[-1], 0))
    return max(sizes)


def _words() -> dict[str, Any]:
    found = surroundings()
    return {
        "processor": _processor(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count() or 1,
        "threads": found["threads"],
        "last_cache": last_cache(),
        "versions": found["versions"],
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _copying(size: int) -> float:
    source, target = torch.zeros(size // 4), torch.zeros(size // 4)
    return 2 * size / _best(lambda: target.copy_(source))


def _best(call: Callable[[], object]) -> float:
    times = []
    call()
    for _ in range(_REPETITIONS):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return min(times)
