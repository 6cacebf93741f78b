"""What the benchmark knows of another package."""

import importlib
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import nn

from prodsumnet.operators import LinearOperator


@dataclass(frozen=True)
class Peer:
    """Another package.

    Parameters
    ----------
    name : str
        As it is installed.
    builders : mapping of str to callable
        For each case that it implements, how its operator is made from ours, with the same numbers.
        A module whose attribute ``trains`` is false gives no gradients.
    """

    name: str
    builders: Mapping[str, Callable[[LinearOperator], nn.Module]]


class Function(nn.Module):
    """A function of a batch of rows, and the numbers that it trains.

    Parameters
    ----------
    make : callable
        ``make(*numbers)`` gives the function, once: what a package builds is not measured.
    numbers : iterable of Tensor
        Copied into parameters.
    trains : bool, optional
        Whether there are gradients.
    """

    def __init__(
        self,
        make: Callable[..., Callable[[torch.Tensor], torch.Tensor]],
        numbers: Iterable[torch.Tensor] = (),
        trains: bool = True,
    ) -> None:
        super().__init__()
        self.numbers = nn.ParameterList(nn.Parameter(own(t)) for t in numbers)
        self.function = make(*self.numbers)
        self.trains = trains

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``(batch, in) -> (batch, out)``."""
        return self.function(x)


def own(numbers: torch.Tensor) -> torch.Tensor:
    """Return a contiguous copy that is no part of any graph."""
    return numbers.detach().clone(memory_format=torch.contiguous_format)


def load(module: str, package: str) -> ModuleType | Any:
    """Import a module of a peer.

    Parameters
    ----------
    module : str
        The module.
    package : str
        As it is installed, for the message.

    Raises
    ------
    ModuleNotFoundError
        If it is not installed, or lacks something itself; the message says which.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # What they say to us on import concerns no one here.
            return importlib.import_module(module)
    except (ImportError, OSError) as error:  # The latter for a library of theirs.
        raise ModuleNotFoundError(
            f"{package} is missing ({error}); pip install 'prodsumnet[peers]'"
        ) from error


def kronecker_terms(operator: LinearOperator) -> list[torch.Tensor]:
    """Return the matrices of a sum of two-factor Kronecker products, term by term.

    Parameters
    ----------
    operator : LinearOperator
        As from `prodsumnet.operators.stacked_kronecker_sum` of dense matrices of one size.
    """
    left, right = operator.parameters()
    side = len(left)
    terms = left.shape[1] // side
    pairs = zip(left.chunk(terms, 1), right.chunk(terms, 0), strict=True)
    return [matrix for pair in pairs for matrix in pair]
