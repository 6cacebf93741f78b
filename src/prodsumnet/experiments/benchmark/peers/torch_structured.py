"""torch-structured: butterfly and Monarch matrices and the Hadamard transform.

The package imports triton, which the processor has no use for. The files that its layers come to on
one need only torch, numpy and einops, and are taken by themselves.
"""

import importlib.util
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from prodsumnet.experiments.benchmark.peers.peer import Function, Peer
from prodsumnet.operators import BlockDense, LinearOperator

_PACKAGE = "torch-structured"


def _file(path: str) -> ModuleType | Any:
    """Import one file of the package without the package.

    Raises
    ------
    ModuleNotFoundError
        If it is not installed, or lacks something itself.
    """
    package = importlib.util.find_spec("torch_structured")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError(f"{_PACKAGE} is missing; pip install 'prodsumnet[peers]'")
    file = Path(package.submodule_search_locations[0]) / path
    spec = importlib.util.spec_from_file_location(f"torch_structured_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"{_PACKAGE} has no {path}; pip install 'prodsumnet[peers]'")
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spec.loader.exec_module(module)
    return module


def _hadamard(operator: LinearOperator) -> nn.Module:
    transform = _file("_torch_ref/hadamard.py").hadamard_transform_torch
    return Function(lambda: lambda x: transform(x, normalize=True))


def _butterfly(operator: LinearOperator) -> nn.Module:
    """Return the stages in the package's order: the result is ours, its index rotated by a bit.

    Our stages mix neighbours and shuffle, theirs mix entries at distances 1, 2, 4, ...
    """
    multiply = _file("_torch_ref/butterfly.py").butterfly_multiply_torch
    stages = [m for m in operator.modules() if isinstance(m, BlockDense)]
    half = operator.in_features // 2
    pairs = (
        stage.weight.reshape(1 << k, half >> k, 2, 2).transpose(0, 1).reshape(half, 2, 2)
        for k, stage in enumerate(reversed(stages))
    )
    twiddle = torch.stack(list(pairs))[None, None]

    return Function(lambda twiddle: lambda x: multiply(twiddle, x[:, None])[:, 0], [twiddle])


def _monarch(operator: LinearOperator) -> nn.Module:
    multiply = _file("monarch/blockdiag_butterfly_multiply.py").blockdiag_butterfly_multiply
    left, right = operator.parameters()
    return Function(lambda right, left: lambda x: multiply(x, right, left), [right, left])


PEER = Peer(
    _PACKAGE,
    {"hadamard": _hadamard, "butterfly-matrix": _butterfly, "monarch-64": _monarch},
)
