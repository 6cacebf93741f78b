"""What is measured: a layer, the plain torch layer that it stands for, and its rivals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import nn

from prodsumnet.operators import Cost, LinearOperator

BASELINE = "torch"
AUTO, FACTORS = "auto", "factors"


@dataclass(frozen=True)
class Subject:
    """One operator in every way to compute it.

    Parameters
    ----------
    operator : LinearOperator
        The operator.
    baseline : nn.Module
        The plain torch layer of the same shape.
    layer : callable
        ``layer(strategy)``: the library's layer.
    strategies : callable
        ``strategies(batch, gradients)``: what ``layer`` takes that makes a difference then.
    sample : callable
        ``sample(batch)``: the shape of an input.
    cost : callable
        ``cost(batch)`` of the operator, factor by factor.
    dtype : torch.dtype
        Of the input.
    rivals : mapping of str to nn.Module
        Other ways that need no package.
    """

    operator: LinearOperator
    baseline: nn.Module
    layer: Callable[[str], nn.Module]
    strategies: Callable[[int, bool], tuple[str, ...]]
    sample: Callable[[int], tuple[int, ...]]
    cost: Callable[[int], Cost]
    dtype: torch.dtype = torch.float32
    rivals: Mapping[str, nn.Module] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A line of the benchmark.

    Parameters
    ----------
    name : str
        By which it is chosen, and by which peers know it.
    build : callable
        ``build(size)``: the subject.
    sizes, batches : tuple of int
        Where it is measured, unless told otherwise.
    family : bool
        Whether it belongs to the grid of all families, over which planning is judged.
    """

    name: str
    build: Callable[[int], Subject]
    sizes: tuple[int, ...]
    batches: tuple[int, ...]
    family: bool = False
