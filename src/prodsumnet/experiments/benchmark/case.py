"""What is measured: a layer, the plain torch layer that it stands for, and its rivals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import nn

from prodsumnet.evaluation import ConvolutionExplanation, Explanation
from prodsumnet.operators import Cost, LinearOperator

BASELINE = "torch"
AUTO, FACTORS = "auto", "factors"

_HOPELESS = 30


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
    explain : callable
        ``explain(batch, gradients)``: what the layer says of its ways and its choice.
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
    explain: Callable[[int, bool], Explanation | ConvolutionExplanation]
    sample: Callable[[int], tuple[int, ...]]
    cost: Callable[[int], Cost]
    dtype: torch.dtype = torch.float32
    rivals: Mapping[str, nn.Module] = field(default_factory=dict)

    def strategies(self, batch: int, gradients: bool) -> tuple[list[str], list[str]]:
        """Return the planner's choice with the ways that there are then, and the hopeless ones.

        Those are predicted to take so much longer that measuring them would take most of the time.
        """
        ways = self.explain(batch, gradients).candidates
        limit = _HOPELESS * min(way.seconds for way in ways)
        near = [way.strategy for way in ways if way.seconds <= limit or way.strategy == FACTORS]
        measured = list(dict.fromkeys([AUTO, *near]))
        return measured, sorted({way.strategy for way in ways} - set(measured))

    def choice(self, batch: int, gradients: bool) -> str:
        """Return the strategy that the planner takes."""
        chosen = self.explain(batch, gradients).chosen
        return chosen if isinstance(chosen, str) else chosen.strategy


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
